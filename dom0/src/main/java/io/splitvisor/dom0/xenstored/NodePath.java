// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XsWire;

/** Names of nodes: which are well formed, and how they lie in each other. Paths are kept as absolute strings. */
final class NodePath {
    static final String ROOT = "/";
    static final String INTRODUCE_DOMAIN = "@introduceDomain";
    static final String RELEASE_DOMAIN = "@releaseDomain";

    private static final String DOMAINS = "/local/domain/";

    private NodePath() {}

    /** The home of a domain. */
    static String home(int domid) {
        return DOMAINS + domid;
    }

    /** Whether the client's own spelling is relative to its home. */
    static boolean isRelative(String path) {
        return !path.isEmpty() && path.charAt(0) != '/' && path.charAt(0) != '@';
    }

    /**
     * The absolute form of what a client sent.
     *
     * @param special whether {@code @something} is allowed
     * @param relativeMax longest path, not counting {@code /local/domain/N/}; 0 for no limit but the absolute one
     * @return null if it is no path
     */
    static String canonical(String path, int domid, boolean special, int relativeMax) {
        if (path.isEmpty() || !hasValidCharacters(path) || (path.charAt(0) == '@' && !special)) {
            return null;
        }
        String full = isRelative(path) ? home(domid) + "/" + path : path;
        int length = full.length();
        if (length > XsWire.ABS_PATH_MAX || (relativeMax != 0 && length - homePrefix(full) > relativeMax)) {
            return null;
        }
        if (length > 1 && full.charAt(length - 1) == '/') {
            return null;
        }
        return full.contains("//") ? null : full;
    }

    /** The path without its last component; for a special node the root, as Xen has it. */
    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? ROOT : path.substring(0, slash);
    }

    /** The last component. */
    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    static String child(String parent, String name) {
        return parent.length() == 1 ? ROOT + name : parent + "/" + name;
    }

    static boolean isSpecial(String path) {
        return path.charAt(0) == '@';
    }

    /** Components of {@code path} below {@code ancestor}, which must be one, or the same. */
    static int levelsBelow(String path, String ancestor) {
        int levels = ancestor.length() == 1 && path.length() > 1 ? 1 : 0;
        for (int i = ancestor.length(); i < path.length(); i++) {
            if (path.charAt(i) == '/') {
                levels++;
            }
        }
        return levels;
    }

    private static boolean hasValidCharacters(String path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            boolean valid = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '-'
                    || c == '/'
                    || c == '_'
                    || c == '@';
            if (!valid) {
                return false;
            }
        }
        return true;
    }

    /** Length of {@code /local/domain/N/} at the path's start; 0 where it does not start so. */
    private static int homePrefix(String path) {
        if (!path.startsWith(DOMAINS)) {
            return 0;
        }
        int at = DOMAINS.length();
        int end = Math.min(path.length(), at + 5);
        while (at < end && path.charAt(at) >= '0' && path.charAt(at) <= '9') {
            at++;
        }
        return at > DOMAINS.length() && at < path.length() && path.charAt(at) == '/' ? at + 1 : 0;
    }
}
