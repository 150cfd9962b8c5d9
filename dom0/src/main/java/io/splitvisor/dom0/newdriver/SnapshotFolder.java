// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.newdriver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A snapshot version of an artifact in a Maven repository, as {@code mvn deploy} lays it out: files with the time of their build in
 * their names, and {@code maven-metadata.xml}, which says which are the newest. A version that is no snapshot has neither.
 */
final class SnapshotFolder {
    private static final String METADATA = "maven-metadata.xml";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd.HHmmss").withZone(ZoneOffset.UTC);
    private static final Pattern NEWEST = Pattern.compile("<timestamp>([0-9.]+)</timestamp>");

    private final Path folder;
    private final String artifact;
    private final String version;

    SnapshotFolder(Path repository, String artifact, String version) {
        this.folder = repository.resolve("io/splitvisor").resolve(artifact).resolve(version);
        this.artifact = artifact;
        this.version = version;
    }

    /**
     * Makes files the newest, unless they are what the newest are.
     *
     * @param files by extension
     */
    void put(Map<String, Path> files, Instant now) throws IOException {
        Files.createDirectories(folder);
        if (!version.endsWith("-SNAPSHOT")) {
            placeAll(files, "");
            return;
        }
        String before = newest();
        if (!before.isEmpty() && isSame(files, before)) {
            return;
        }
        String time = TIME.format(now);
        // A build in the same second, or a clock that was set back.
        if (time.compareTo(before) <= 0) {
            time = TIME.format(Instant.from(TIME.parse(before)).plusSeconds(1));
        }
        placeAll(files, time);
        Path metadata = Files.createTempFile(folder, artifact, ".new");
        Files.writeString(metadata, metadata(time, new TreeMap<>(files)));
        Files.move(
                metadata,
                folder.resolve(METADATA),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.ATOMIC_MOVE);
        removeOthers(time, before);
    }

    private String newest() throws IOException {
        Path metadata = folder.resolve(METADATA);
        if (!Files.exists(metadata)) {
            return "";
        }
        Matcher matcher = NEWEST.matcher(Files.readString(metadata));
        return matcher.find() ? matcher.group(1) : "";
    }

    private boolean isSame(Map<String, Path> files, String time) throws IOException {
        for (var file : files.entrySet()) {
            Path there = folder.resolve(name(time, file.getKey()));
            if (!Files.exists(there) || Files.mismatch(there, file.getValue()) >= 0) {
                return false;
            }
        }
        return true;
    }

    private void placeAll(Map<String, Path> files, String time) throws IOException {
        for (var file : files.entrySet()) {
            place(file.getValue(), name(time, file.getKey()));
        }
    }

    /** Renamed into place: a file is whole when it is there. */
    private void place(Path from, String name) throws IOException {
        Path fresh = Files.createTempFile(folder, artifact, ".new");
        Files.copy(from, fresh, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        Files.move(fresh, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /** All but the newest, and those before it: somebody's Maven may be reading them. */
    private void removeOthers(String time, String before) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                boolean kept = name.equals(METADATA)
                        || name.contains(time)
                        || (!before.isEmpty() && name.contains(before))
                        || name.endsWith(".new");
                if (!kept) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private String dated(String time) {
        return version.replace("SNAPSHOT", time + "-1");
    }

    private String name(String time, String extension) {
        return artifact + "-" + dated(time) + "." + extension;
    }

    private String metadata(String time, Map<String, Path> files) {
        String updated = time.replace(".", "");
        var text = new StringBuilder("""
                <?xml version="1.0" encoding="UTF-8"?>
                <metadata modelVersion="1.1.0">
                  <groupId>io.splitvisor</groupId>
                  <artifactId>%s</artifactId>
                  <version>%s</version>
                  <versioning>
                    <snapshot>
                      <timestamp>%s</timestamp>
                      <buildNumber>1</buildNumber>
                    </snapshot>
                    <lastUpdated>%s</lastUpdated>
                    <snapshotVersions>
                """.formatted(artifact, version, time, updated));
        for (String extension : files.keySet()) {
            text.append("""
                          <snapshotVersion>
                            <extension>%s</extension>
                            <value>%s</value>
                            <updated>%s</updated>
                          </snapshotVersion>
                    """.formatted(extension, dated(time), updated));
        }
        return text.append("    </snapshotVersions>\n  </versioning>\n</metadata>\n")
                .toString();
    }
}
