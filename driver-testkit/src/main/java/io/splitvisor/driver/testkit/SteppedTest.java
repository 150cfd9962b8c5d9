// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test with a {@link Machine} as its parameter, once for each order of events and each fault plan. The first order is the
 * natural one; the others are made from their seeds. A test that fails says its seed, its plan and the last steps.
 *
 * <p>{@code -Dsplitvisor.seed=7} runs the order of that seed alone.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(MachineExtension.class)
public @interface SteppedTest {
    /** In how many orders. */
    int orders() default 1;

    /** Fault plans, as {@link FaultPlan#parse} reads them. */
    String[] faults() default {"nothing"};
}
