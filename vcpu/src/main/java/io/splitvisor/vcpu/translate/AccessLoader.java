// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;

/** Defines {@link GuestAccess} for one TLB bank of one processor, and regions that use it. */
public final class AccessLoader extends ClassLoader {
    private static final String ACCESS = GuestAccess.class.getName();
    /** Calls after which the JVM has a profile of both outcomes. */
    private static final int WARM_UP = 400;

    /** No memory is ever mapped there: it is not canonical. */
    private static final long NOWHERE = 1L << 62;

    private final long[] table;
    private final MemorySegment ram;
    private final boolean ordered;
    private final MethodHandles.Lookup lookup;

    /**
     * @param table a bank of the processor's TLB
     * @param ram guest memory
     * @param ordered whether others may look at guest memory meanwhile
     */
    AccessLoader(long[] table, MemorySegment ram, boolean ordered) {
        super(AccessLoader.class.getClassLoader());
        this.table = table;
        this.ram = ram;
        this.ordered = ordered;
        open("io.splitvisor.vcpu.translate", "io.splitvisor.vcpu.cpu", "io.splitvisor.vcpu.op");
        try {
            Class<?> access = loadClass(ACCESS);
            this.lookup = (MethodHandles.Lookup) access.getMethod("lookup").invoke(null);
            warm(access);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("guest memory cannot be reached", e);
        }
    }

    /** {@link GuestAccess}'s TLB. */
    public long[] table() {
        return table;
    }

    /** {@link GuestAccess}'s RAM. */
    public MemorySegment ram() {
        return ram;
    }

    /** Whether {@link GuestAccess} keeps accesses in order. */
    public boolean ordered() {
        return ordered;
    }

    /** Makes a region of its class file. */
    RegionCode define(byte[] classFile) throws ReflectiveOperationException {
        Class<?> region = lookup.defineHiddenClass(classFile, true).lookupClass();
        return (RegionCode) region.getConstructor().newInstance();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.equals(ACCESS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : defineAccess();
        }
    }

    private Class<?> defineAccess() {
        String file = "GuestAccess.class";
        try (InputStream in = AccessLoader.class.getResourceAsStream(file)) {
            byte[] bytes = in.readAllBytes();
            return defineClass(ACCESS, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where this module is one, generated code may use what the module exports to nobody. */
    private void open(String... packages) {
        Module module = AccessLoader.class.getModule();
        if (module.isNamed()) {
            for (String name : packages) {
                module.addExports(name, getUnnamedModule());
            }
        }
    }

    /** Calls every access so often that its profile knows misses. Hits come by themselves. */
    private static void warm(Class<?> access) throws ReflectiveOperationException {
        for (Method method : access.getMethods()) {
            if (method.getName().startsWith("load") || method.getName().startsWith("stor")) {
                var handle = MethodHandles.publicLookup().unreflect(method);
                if (method.getParameterCount() > 1) {
                    handle = MethodHandles.insertArguments(handle, 1, 0L);
                }
                warm(handle.asType(MethodType.methodType(void.class, long.class)));
            }
        }
    }

    private static void warm(MethodHandle toNowhere) {
        for (int n = 0; n < WARM_UP; n++) {
            try {
                toNowhere.invokeExact(NOWHERE);
                throw new IllegalStateException("something is nowhere");
            } catch (Throwable miss) {
                requireMiss(miss);
            }
        }
    }

    private static void requireMiss(Throwable thrown) {
        if (thrown != Miss.MISS) {
            throw new IllegalStateException(thrown);
        }
    }
}
