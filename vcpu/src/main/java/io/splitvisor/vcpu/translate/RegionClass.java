// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;

/** Makes the class file of a region and defines it. */
final class RegionClass {
    /** The JVM compiles no method of 8000 bytes or more, and inlines less the longer it is. */
    private static final int MOST_BYTES = 6000;

    private static final ClassDesc NAME = ClassDesc.of(RegionCode.class.getPackageName() + ".Region");
    private static final ClassDesc SUPER = ClassDesc.of(RegionCode.class.getName());
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(
            ConstantDescs.CD_long,
            ClassDesc.of(Cpu.class.getName()),
            ConstantDescs.CD_long.arrayType(),
            ConstantDescs.CD_long,
            ConstantDescs.CD_int);
    /** Nothing that is called with this address does anything but throw. */
    private static final long NOWHERE = 1L << 62;

    private static final ClassFile FORMAT = ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                    ClassHierarchyResolver.ofClassLoading(RegionClass.class.getClassLoader())
                            .cached()),
            ClassFile.DebugElementsOption.DROP_DEBUG,
            ClassFile.LineNumbersOption.DROP_LINE_NUMBERS);

    private final Plan plan;
    private RegionEmitter emitter;

    RegionClass(Plan plan) {
        this.plan = plan;
    }

    /** Translates; null if the region is too long. */
    Translation define(AccessLoader loader) throws ReflectiveOperationException {
        byte[] bytes = bytes(0, 0);
        if (emitter.body().operations().length > 0) {
            // Calls of the interpreter move all registers, and only now it is known which.
            bytes = bytes(emitter.body().locals.used(), emitter.body().locals.dirty());
        }
        if (codeBytes(bytes) > MOST_BYTES) {
            return null;
        }
        RegionCode code = loader.define(bytes);
        code.ops = emitter.body().operations();
        code.warm();
        return new Translation(code, emitter.exits(), emitter.body().locals.usesVectors());
    }

    private byte[] bytes(long usedInAll, long dirtyInAll) {
        return FORMAT.build(NAME, c -> c.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                .withSuperclass(SUPER)
                .withMethodBody(
                        ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> code.aload(0)
                                .invokespecial(SUPER, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                                .return_())
                .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, code -> {
                    emitter = new RegionEmitter(plan, code, usedInAll, dirtyInAll);
                    emitter.emit();
                })
                .withMethodBody(
                        "warm",
                        ConstantDescs.MTD_void,
                        ClassFile.ACC_PUBLIC,
                        code -> warm(code, emitter.body().calls())));
    }

    private static int codeBytes(byte[] bytes) {
        return FORMAT.parse(bytes).methods().stream()
                .filter(m -> m.methodName().equalsString("run"))
                .flatMap(m -> m.findAttribute(Attributes.code()).stream())
                .mapToInt(CodeAttribute::codeLength)
                .sum();
    }

    private static void warm(CodeBuilder code, Set<Body.Call> calls) {
        for (Body.Call call : calls) {
            code.trying(
                    body -> call(body, call),
                    handlers -> handlers.catching(ClassDesc.of(RuntimeException.class.getName()), CodeBuilder::pop));
        }
        code.return_();
    }

    private static void call(CodeBuilder code, Body.Call call) {
        for (ClassDesc type : call.type().parameterList()) {
            if (type.equals(ConstantDescs.CD_long)) {
                code.loadConstant(NOWHERE);
            } else {
                code.loadConstant(1);
            }
        }
        code.invokestatic(call.owner(), call.name(), call.type());
        if (call.type().returnType().equals(ConstantDescs.CD_long)) {
            code.pop2();
        } else if (call.type().returnType().equals(ConstantDescs.CD_int)) {
            code.pop();
        }
    }
}
