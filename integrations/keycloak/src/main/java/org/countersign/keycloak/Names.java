package org.countersign.keycloak;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** Texts that phones show, as the service takes them. */
final class Names {
    /** The service's own limit. */
    static final int MAX_CHARACTERS = 128;

    private Names() {}

    /** The text without characters that can't be seen, and no longer than a name may be. It may be empty. */
    static String fit(String text) {
        StringBuilder fit = new StringBuilder();
        text.codePoints().filter(Names::isShown).limit(MAX_CHARACTERS).forEach(fit::appendCodePoint);
        return fit.toString().strip();
    }

    /** An address as a number; none if it is a name, since nothing is looked up here. */
    static Optional<String> address(String text) {
        if (text == null) {
            return Optional.empty();
        }
        // An IPv6 address may name the interface that it came by.
        String address = text.replaceAll("%.*$", "");
        if (!address.matches("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(address).getHostAddress());
        } catch (UnknownHostException malformed) {
            return Optional.empty();
        }
    }

    private static boolean isShown(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> !isIgnorable(character);
        };
    }

    /** Letters and marks without a visible shape (Unicode's Default_Ignorable_Code_Point). */
    private static boolean isIgnorable(int character) {
        return character == 0x034f
                || (character >= 0x115f && character <= 0x1160)
                || (character >= 0x17b4 && character <= 0x17b5)
                || (character >= 0x180b && character <= 0x180f)
                || character == 0x3164
                || (character >= 0xfe00 && character <= 0xfe0f)
                || character == 0xffa0
                || (character >= 0xe0000 && character <= 0xe0fff);
    }
}
