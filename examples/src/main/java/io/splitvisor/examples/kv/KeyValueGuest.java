// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A key-value store on disk {@code xvda}. With the arguments {@code load N} it stores N pairs, checks them, and powers
 * off; otherwise it serves its console:
 *
 * <pre>
 *   put KEY VALUE     get KEY     del KEY     keys     count     quit
 * </pre>
 */
public final class KeyValueGuest implements Guest {
    private static final int SYNC_EVERY = 50;

    @Override
    public void run(GuestDomain domain) throws IOException {
        try (BlockDevice disk = domain.disk("xvda")) {
            KeyValueStore store = KeyValueStore.open(new BlockStorage(disk));
            System.out.println("key-value store: " + store.size() + " keys from earlier lives");
            if (domain.arguments().size() == 2 && domain.arguments().get(0).equals("load")) {
                load(store, Integer.parseInt(domain.arguments().get(1)));
            } else {
                serve(store);
            }
            store.sync();
        }
    }

    private static byte[] valueOf(int number) {
        return ("value of key " + number + ", a few bytes of it").getBytes(StandardCharsets.UTF_8);
    }

    private static void load(KeyValueStore store, int count) {
        for (int i = 0; i < count; i++) {
            store.put("key-" + i, valueOf(i));
            if (i % SYNC_EVERY == SYNC_EVERY - 1) {
                store.sync();
            }
        }
        for (int i = 0; i < count; i++) {
            if (!java.util.Arrays.equals(store.get("key-" + i), valueOf(i))) {
                throw new IllegalStateException("key-" + i + " has another value than was stored");
            }
        }
        System.out.println(
                count + " pairs stored and checked; " + store.size() + " keys, log generation " + store.generation());
    }

    private static void serve(KeyValueStore store) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("put KEY VALUE, get KEY, del KEY, keys, count, quit");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals("quit")) {
                return;
            }
            System.out.println(answer(store, line.strip().split(" ", 3)));
        }
    }

    private static String answer(KeyValueStore store, String[] words) {
        String key = words.length > 1 ? words[1] : "";
        return switch (words[0]) {
            case "put" -> {
                if (words.length < 3 || key.isEmpty()) {
                    yield "usage: put KEY VALUE";
                }
                store.put(key, words[2].getBytes(StandardCharsets.UTF_8));
                store.sync();
                yield "ok";
            }
            case "get" -> {
                byte[] value = store.get(key);
                yield value == null ? "no such key" : new String(value, StandardCharsets.UTF_8);
            }
            case "del" -> {
                boolean was = store.remove(key);
                store.sync();
                yield was ? "ok" : "no such key";
            }
            case "keys" -> String.join(" ", store.keys());
            case "count" -> Integer.toString(store.size());
            case "" -> "";
            default -> "unknown: " + words[0];
        };
    }
}
