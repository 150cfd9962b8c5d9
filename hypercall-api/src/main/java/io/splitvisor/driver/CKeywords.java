// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.util.Set;

/** Words that C and C++ keep for themselves: a header with a field of that name does not compile. */
final class CKeywords {
    private static final Set<String> WORDS = Set.of(
            ("alignas alignof and asm auto bool break case catch char class concept const constexpr continue decltype default "
                            + "delete do double else enum explicit export extern false final float for friend goto if inline int "
                            + "long mutable namespace new noexcept not nullptr operator or override private protected public "
                            + "register requires restrict return short signed sizeof static static_assert struct switch "
                            + "template this thread_local throw true try typedef typeid typename typeof union unsigned using "
                            + "virtual void volatile wchar_t while xor")
                    .split(" "));

    private CKeywords() {}

    static boolean contains(String name) {
        return WORDS.contains(name);
    }
}
