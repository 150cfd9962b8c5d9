// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;

/**
 * Rules made of static methods of a class that take halves of operands, as longs, and return a half. What a half of the destination is
 * stands in words, arguments first: {@code D0}, {@code D1}, {@code S0}, {@code S1}, {@code X0}, {@code X1} are the halves of
 * destination, source and XMM0, the low ones first, {@code N} is the immediate, {@code ^} an exclusive or, everything else a method.
 */
final class HalfFunctions {
    private final Map<String, Rule> rules;
    private final ClassDesc owner;
    private final Map<String, MethodTypeDesc> types = new HashMap<>();

    /**
     * @param rules where rules go
     * @param methods a class with static methods
     */
    HalfFunctions(Map<String, Rule> rules, Class<?> methods) {
        this.rules = rules;
        this.owner = ClassDesc.of(methods.getName());
        for (Method method : methods.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                types.put(
                        method.getName(),
                        MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                                .describeConstable()
                                .orElseThrow());
            }
        }
    }

    /** Makes an instruction's rule of what its destination's halves become. */
    void put(String mnemonic, String low, String high) {
        rules.put(mnemonic, VectorMoveRules.rule((b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            half(b, i, d, s, low);
            half(b, i, d, s, high);
            d.pop(b);
        }));
    }

    private void half(Body b, Insn i, Halves d, Halves s, String words) {
        for (String word : words.split(" ", -1)) {
            switch (word) {
                case "D0", "D1" -> Halves.push(b, d.half(word.charAt(1) - '0'));
                case "S0", "S1" -> Halves.push(b, s.half(word.charAt(1) - '0'));
                case "X0", "X1" -> Halves.push(b, Halves.of(0).half(word.charAt(1) - '0'));
                case "N" -> b.constant(i.immediate());
                case "^" -> b.code.lxor();
                default -> b.call(owner, word, types.get(word));
            }
        }
    }
}
