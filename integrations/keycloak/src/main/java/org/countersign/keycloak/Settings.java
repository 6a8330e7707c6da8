package org.countersign.keycloak;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The settings of one step of a flow. Keycloak saves whatever an administrator types, so everything is checked here,
 * before the step does anything.
 *
 * @param service public address of the approval service, without a slash at its end
 * @param apiKey key of this Keycloak's client at the service
 * @param organisation name of the organisation at the service
 * @param client name of this Keycloak at the service
 * @param application what phones show as the application; empty for the name of the application that is signed in to
 * @param help text for people who can't continue; may be empty
 * @param enrols whether somebody without a phone may set one up here
 * @param takesCodes whether a one-time code is enough
 * @param takesUnmatched whether to accept approvals that don't prove that the person saw the page
 */
record Settings(
        URI service,
        String apiKey,
        String organisation,
        String client,
        String application,
        String help,
        boolean enrols,
        boolean takesCodes,
        boolean takesUnmatched) {

    static final String SERVICE = "countersign.service";
    static final String API_KEY = "countersign.api-key";
    static final String ORGANISATION = "countersign.organisation";
    static final String CLIENT = "countersign.client";
    static final String APPLICATION = "countersign.application";
    static final String HELP = "countersign.help";
    static final String ENROLS = "countersign.enrol";
    static final String TAKES_CODES = "countersign.codes";
    static final String TAKES_UNMATCHED = "countersign.unmatched";

    private static final int MAX_HELP = 500;
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    /** What is wrong with the settings, field by field. The text contains no values. */
    static final class Invalid extends Exception {
        private static final long serialVersionUID = 1L;

        Invalid(List<String> faults) {
            super(String.join("; ", faults));
        }
    }

    /**
     * Reads and checks them.
     *
     * @param config as Keycloak has stored it, secrets resolved
     */
    static Settings parse(Map<String, String> config) throws Invalid {
        List<String> faults = new ArrayList<>();
        URI service = service(text(config, SERVICE), faults);
        String apiKey = text(config, API_KEY);
        if (apiKey.isEmpty()) {
            faults.add(API_KEY + " is missing");
        } else if (!apiKey.chars().allMatch(character -> character > ' ' && character < 0x7f)) {
            faults.add(API_KEY + " has characters in it that no API key has");
        }
        String organisation = name(config, ORGANISATION, true, faults);
        String client = name(config, CLIENT, true, faults);
        String application = name(config, APPLICATION, false, faults);
        String help = text(config, HELP);
        if (help.length() > MAX_HELP) {
            faults.add(HELP + " is longer than " + MAX_HELP + " characters");
        }
        boolean enrols = flag(config, ENROLS, false, faults);
        boolean takesCodes = flag(config, TAKES_CODES, true, faults);
        boolean takesUnmatched = flag(config, TAKES_UNMATCHED, false, faults);
        if (!faults.isEmpty()) {
            throw new Invalid(faults);
        }
        return new Settings(
                service, apiKey, organisation, client, application, help, enrols, takesCodes, takesUnmatched);
    }

    /** The API key stays out of logs. */
    @Override
    public String toString() {
        return "Settings[" + service + "]";
    }

    private static URI service(String text, List<String> faults) {
        if (text.isEmpty()) {
            faults.add(SERVICE + " is missing");
            return null;
        }
        try {
            URI uri = new URI(text.replaceAll("/+$", ""));
            boolean isPlain = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
            boolean isSecure = "https".equals(uri.getScheme())
                    || ("http".equals(uri.getScheme()) && LOOPBACK.contains(String.valueOf(uri.getHost())));
            if (uri.getHost() != null && isPlain && isSecure) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            // Reported below, without the exception's text: it repeats what was typed.
        }
        faults.add(SERVICE + " must be an https address without user, query and fragment");
        return null;
    }

    private static String name(Map<String, String> config, String key, boolean isRequired, List<String> faults) {
        String name = text(config, key);
        if (name.isEmpty() && isRequired) {
            faults.add(key + " is missing");
        } else if (!name.equals(Names.fit(name))) {
            faults.add(key + " is longer than 128 characters, or has invisible characters in it");
        }
        return name;
    }

    private static boolean flag(Map<String, String> config, String key, boolean otherwise, List<String> faults) {
        String text = text(config, key);
        if (!Set.of("", "true", "false").contains(text)) {
            faults.add(key + " must be true or false");
        }
        return text.isEmpty() ? otherwise : text.equals("true");
    }

    private static String text(Map<String, String> config, String key) {
        String text = config.get(key);
        return text == null ? "" : text.strip();
    }
}
