// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.SharedMemory;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

/** The arrows between modules, and what only some of them may touch. The picture is in docs/architecture.md. */
class ArchitectureTest {
    private static final String[] RING = {"io.splitvisor.host..", "io.splitvisor.ring.."};
    private static final String[] API = {
        "io.splitvisor.abi..",
        "io.splitvisor.hypercall..",
        "io.splitvisor.xenstore..",
        "io.splitvisor.xenbus..",
        "io.splitvisor.attach..",
        "io.splitvisor.backend..",
        "io.splitvisor.frontend..",
        "io.splitvisor.driver",
        "io.splitvisor.driver.backend..",
        "io.splitvisor.driver.derived..",
        "io.splitvisor.driver.frontend.."
    };
    private static final String MONITOR = "io.splitvisor.monitor..";
    private static final String VCPU = "io.splitvisor.vcpu..";
    private static final String X86 = "io.splitvisor.x86..";
    private static final String DOM0 = "io.splitvisor.dom0..";
    private static final String DOMU = "io.splitvisor.domu..";
    private static final String TESTKIT = "io.splitvisor.driver.testkit..";
    private static final String EXAMPLES = "io.splitvisor.examples..";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/stress/"))
            .importPackages("io.splitvisor");

    @Test
    void shouldHaveImportedEveryModule() {
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.host"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.abi"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.monitor"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.dom0"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.domu"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.driver.testkit"));
        assertThat(CLASSES).anyMatch(c -> c.getPackageName().startsWith("io.splitvisor.examples"));
    }

    @Test
    void shouldKeepTheArrowsBetweenModules() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("ring-buffer")
                .definedBy(RING)
                .layer("hypercall-api")
                .definedBy(API)
                .layer("monitor")
                .definedBy(MONITOR)
                .optionalLayer("vcpu")
                .definedBy(VCPU)
                .optionalLayer("x86")
                .definedBy(X86)
                .layer("dom0")
                .definedBy(DOM0)
                .layer("domU")
                .definedBy(DOMU)
                .layer("driver-testkit")
                .definedBy(TESTKIT)
                .layer("examples")
                .definedBy(EXAMPLES)
                .whereLayer("ring-buffer")
                .mayNotAccessAnyLayer()
                .whereLayer("hypercall-api")
                .mayOnlyAccessLayers("ring-buffer")
                .whereLayer("monitor")
                .mayOnlyAccessLayers("hypercall-api", "ring-buffer")
                .whereLayer("vcpu")
                .mayOnlyAccessLayers("ring-buffer")
                .whereLayer("x86")
                .mayOnlyAccessLayers("vcpu", "ring-buffer")
                .whereLayer("dom0")
                .mayOnlyAccessLayers("monitor", "hypercall-api", "ring-buffer")
                .whereLayer("domU")
                .mayOnlyAccessLayers("vcpu", "hypercall-api", "ring-buffer")
                .whereLayer("driver-testkit")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("examples")
                .mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
    }

    /**
     * What a protocol is declared with lies below the ABI, whose block and console structures are declared; what drivers are
     * run with lies above.
     */
    private static final class TopPackages implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            String name = type.getPackageName();
            if (!name.startsWith("io.splitvisor.")) {
                return SliceIdentifier.ignore();
            }
            return switch (name) {
                case "io.splitvisor.driver" -> SliceIdentifier.of("declaration");
                case "io.splitvisor.driver.testkit" -> SliceIdentifier.of("testkit");
                default -> SliceIdentifier.of(name.split("\\.")[2]);
            };
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    }

    @Test
    void shouldNotLetPackagesGoInCircles() {
        slices().assignedFrom(new TopPackages()).should().beFreeOfCycles().check(CLASSES);
        for (String module : new String[] {
            "io.splitvisor.monitor.(*)..",
            "io.splitvisor.dom0.(*)..",
            "io.splitvisor.domu.(*)..",
            "io.splitvisor.x86.(*).."
        }) {
            // The test kit is a module of its own, above all that it tests.
            slices().matching(module)
                    .should()
                    .beFreeOfCycles()
                    .ignoreDependency(resideInAPackage(TESTKIT), DescribedPredicate.alwaysTrue())
                    .check(CLASSES);
        }
    }

    @Test
    void shouldCallTheSystemInOnePackageOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.splitvisor.host..")
                .should()
                .dependOnClassesThat(type(Linker.class).or(type(SymbolLookup.class)))
                .orShould()
                .callMethodWhere(HasOwner.Predicates.With.<JavaClass>owner(type(MemorySegment.class))
                        .onResultOf(ArchitectureTest::target)
                        .and(nameMatching("reinterpret").onResultOf(ArchitectureTest::target)))
                .orShould()
                .dependOnClassesThat(nameMatching("sun\\.misc\\.Unsafe|jdk\\.internal\\..*"))
                .check(CLASSES);
    }

    private static CodeUnitCallTarget target(JavaCall<?> call) {
        return call.getTarget();
    }

    @Test
    void shouldKeepThreadsOutOfTheMonitor() {
        noClasses()
                .that()
                .resideInAPackage(MONITOR)
                .should()
                .callConstructor(Thread.class)
                .orShould()
                .callMethodWhere(
                        nameMatching("ofPlatform|ofVirtual|startVirtualThread|start|sleep|supplyAsync|runAsync")
                                .onResultOf(ArchitectureTest::target))
                .orShould()
                .dependOnClassesThat(
                        nameMatching("java\\.util\\.concurrent\\.(Executor.*|ForkJoin.*|CompletableFuture|Timer)"))
                .orShould()
                .dependOnClassesThat(nameMatching("java\\.util\\.Timer.*"))
                .check(CLASSES);
    }

    @Test
    void shouldKeepInputAndOutputOutOfTheMonitor() {
        noClasses()
                .that()
                .resideInAPackage(MONITOR)
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "java.io..", "java.net..", "java.nio..", "io.netty..", "org.slf4j..", "java.util.logging.."))
                .check(CLASSES);
        // Of the host it knows memory to share and a bell to ring.
        classes()
                .that()
                .resideInAPackage(MONITOR)
                .should()
                .onlyDependOnClassesThat(resideInAPackage("io.splitvisor.host..")
                        .and(not(type(SharedMemory.class)
                                .or(type(SharedMemory.Window.class))
                                .or(type(EventFd.class))
                                .or(type(HostException.class))))
                        .negate())
                .check(CLASSES);
    }

    @Test
    void shouldKeepNettyAtTheEdgesOfDom0() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.splitvisor.dom0.attach..",
                        "io.splitvisor.dom0.management..",
                        "io.splitvisor.dom0.xenstored..",
                        "io.splitvisor.dom0.netty..",
                        // Owns the event loop of the attach socket.
                        "io.splitvisor.dom0.domain..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }

    @Test
    void shouldKeepAGuestFreeOfEverythingButTheJdk() {
        noClasses()
                .that()
                .resideInAnyPackage(DOMU, VCPU, X86)
                .or()
                .resideInAnyPackage(API)
                .or()
                .resideInAnyPackage(RING)
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "io.netty..", "org.slf4j..", "com.lmax..", "tools.jackson..", "picocli..", "org.jline.."))
                .check(CLASSES);
    }

    @Test
    void shouldKeepBackEndsFreeOfTheMonitor() {
        // A back end reaches its domain through hypercall-api's BackendDomain, so that it can move into a driver
        // domain.
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.splitvisor.dom0.block..", "io.splitvisor.dom0.console..", "io.splitvisor.dom0.store..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(MONITOR)
                .check(CLASSES);
    }
}
