# SPDX-License-Identifier: Apache-2.0
# Sourced by ./splitvisor and ./verify: finds a JDK of version 25 or newer, and Maven. POSIX sh, no output.
# SPLITVISOR_JDK_FOLDERS: where JDKs are installed, each in a folder of its own; separated by colons, instead of the usual places.

# jdk_major DIR: prints the feature version of the JDK in DIR, nothing where there is none.
jdk_major() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
    jdk_version=
    if [ -r "$1/release" ]; then
        jdk_version=$(sed -n 's/^JAVA_VERSION="\{0,1\}\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
    fi
    if [ -z "$jdk_version" ]; then
        jdk_version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    fi
    [ -n "$jdk_version" ] && printf '%s\n' "$jdk_version"
}

# jdk_fits DIR: true if DIR holds a JDK that can build and run Splitvisor.
jdk_fits() {
    [ -n "$1" ] && jdk_found=$(jdk_major "$1") && [ "$jdk_found" -ge 25 ] 2>/dev/null
}

# find_jdk: sets and exports JAVA_HOME, or returns 1.
find_jdk() {
    if jdk_fits "${JAVA_HOME:-}"; then
        export JAVA_HOME
        return 0
    fi
    jdk_user=${HOME:-/nonexistent}
    jdk_rest=${SPLITVISOR_JDK_FOLDERS-/usr/lib/jvm:/opt:/opt/java:$jdk_user/.sdkman/candidates/java:$jdk_user/.jdks:/Library/Java/JavaVirtualMachines}
    while [ -n "$jdk_rest" ]; do
        jdk_folder=${jdk_rest%%:*}
        case "$jdk_rest" in
            *:*) jdk_rest=${jdk_rest#*:} ;;
            *) jdk_rest= ;;
        esac
        for jdk_candidate in "$jdk_folder"/* "$jdk_folder"/*/Contents/Home; do
            if jdk_fits "$jdk_candidate"; then
                JAVA_HOME=$jdk_candidate
                export JAVA_HOME
                return 0
            fi
        done
    done
    jdk_java=$(command -v java 2>/dev/null) || return 1
    jdk_java=$(readlink -f "$jdk_java" 2>/dev/null) || return 1
    jdk_candidate=${jdk_java%/bin/java}
    if jdk_fits "$jdk_candidate"; then
        JAVA_HOME=$jdk_candidate
        export JAVA_HOME
        return 0
    fi
    return 1
}

# require_jdk NAME: find_jdk, or say what to install and exit 1.
require_jdk() {
    find_jdk && return 0
    {
        echo "$1: no JDK 25 or newer found."
        echo "Install one, for example the package openjdk-25-jdk or temurin-25-jdk (https://adoptium.net), or"
        echo "'sdk install java 25-tem', and set JAVA_HOME to its folder if it is in none of the usual places:"
        if [ -n "${SPLITVISOR_JDK_FOLDERS+set}" ]; then
            echo "  the folders in SPLITVISOR_JDK_FOLDERS ($SPLITVISOR_JDK_FOLDERS), java on the PATH."
        else
            echo "  /usr/lib/jvm/*, /opt/*, ~/.sdkman/candidates/java/*, ~/.jdks/*, java on the PATH."
        fi
        if [ -n "${JAVA_HOME:-}" ]; then
            echo "JAVA_HOME is $JAVA_HOME, which is not a JDK 25 or newer."
        fi
    } >&2
    exit 1
}

# require_maven NAME: sets MVN, or says what to install and exits 1.
require_maven() {
    for mvn_candidate in "${MAVEN_HOME:-/nonexistent}/bin/mvn" "$(command -v mvn 2>/dev/null)" /opt/*/bin/mvn \
            "${HOME:-/nonexistent}"/.sdkman/candidates/maven/current/bin/mvn; do
        if [ -n "$mvn_candidate" ] && [ -x "$mvn_candidate" ]; then
            MVN=$mvn_candidate
            # Maven's own libraries use what newer JDKs warn about; nothing of ours does.
            MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}"
            export MAVEN_OPTS
            return 0
        fi
    done
    {
        echo "$1: Maven (mvn) not found."
        echo "Install version 3.8 or newer, for example the package maven (https://maven.apache.org), or"
        echo "'sdk install maven', and put its bin folder on the PATH."
    } >&2
    exit 1
}
