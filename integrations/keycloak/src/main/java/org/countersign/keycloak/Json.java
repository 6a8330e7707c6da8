package org.countersign.keycloak;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** JSON without ambiguity: duplicate names are refused. */
final class Json {
    static final JsonMapper MAPPER =
            JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private Json() {}

    /** Parses an object. The exception contains none of the input. */
    static JsonNode object(byte[] bytes) throws IOException {
        JsonNode node;
        try {
            node = MAPPER.readTree(bytes);
        } catch (IOException malformed) {
            throw new IOException("malformed JSON");
        }
        if (node == null || !node.isObject()) {
            throw new IOException("not a JSON object");
        }
        return node;
    }

    /** The text of a member; empty if there is none. */
    static String text(JsonNode object, String name) {
        JsonNode member = object.path(name);
        return member.isTextual() ? member.textValue() : "";
    }
}
