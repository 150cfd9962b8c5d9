// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Makes the machines of {@link SteppedTest}s, and closes them; the annotation brings it along. */
public final class MachineExtension implements TestTemplateInvocationContextProvider {
    private static final String SEED = "splitvisor.seed";

    /** For JUnit. */
    public MachineExtension() {}

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        SteppedTest test = context.getRequiredTestMethod().getAnnotation(SteppedTest.class);
        Long only = Long.getLong(SEED);
        return Arrays.stream(test.faults())
                .map(FaultPlan::parse)
                .flatMap(plan -> (only == null ? LongStream.range(0, test.orders()) : LongStream.of(only))
                        .mapToObj(seed -> new Invocation(seed, plan)));
    }

    /** One run of a test. */
    private record Invocation(long seed, FaultPlan plan) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int number) {
            return "seed " + seed + (plan.faults().isEmpty() ? "" : ", " + plan);
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new MachineOfATest(seed, plan));
        }
    }

    /** The machine of one run. */
    private static final class MachineOfATest
            implements ParameterResolver, AfterEachCallback, TestExecutionExceptionHandler {
        private final long seed;
        private final FaultPlan plan;
        private Machine machine;

        MachineOfATest(long seed, FaultPlan plan) {
            this.seed = seed;
            this.plan = plan;
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Machine.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            if (machine == null) {
                machine = new Machine(Order.seeded(seed), plan);
            }
            return machine;
        }

        /** Says how to repeat it, without changing what is thrown. */
        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
            if (machine != null) {
                thrown.addSuppressed(new AssertionError("-D" + SEED + '=' + seed + machine.describe()));
            }
            throw thrown;
        }

        @Override
        public void afterEach(ExtensionContext context) {
            if (machine != null) {
                machine.close();
            }
        }
    }
}
