# SPDX-License-Identifier: Apache-2.0
# Prints each skipped test of Surefire's and Failsafe's reports, and why it was skipped: the reason is an attribute, or the
# first line of the element's text.

function attribute(element, key) {
    return match(element, " " key "=\"[^\"]*\"") ? substr(element, RSTART + length(key) + 3, RLENGTH - length(key) - 4) : ""
}

/<testcase / {
    test = attribute($0, "classname") "." attribute($0, "name")
}

/<skipped/ {
    element = substr($0, index($0, "<skipped"))
    reason = attribute(element, "message")
    closed = element ~ /^<skipped[^>]*\/>/
    sub(/^<skipped[^>]*>/, "", element)
    while (reason == "" && !closed) {
        closed = element ~ /<\/skipped>/
        sub(/<!\[CDATA\[/, "", element)
        sub(/\]\]>.*/, "", element)
        sub(/<\/skipped>.*/, "", element)
        gsub(/^[ \t]+|[ \t\r]+$/, "", element)
        reason = element
        if (reason == "" && !closed && (getline element) <= 0) {
            break
        }
    }
    print test
    print "    skipped: " (reason == "" ? "(no reason)" : reason)
}
