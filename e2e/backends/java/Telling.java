package backends;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the services of this folder have in common: the line that tells of a request. */
final class Telling {
    static final List<String> ROUTES = List.of("/healthz", "/admin", "/admin/users", "/users/{id}", "/users/{id}/orders",
            "/orders", "/orders/{id}", "/files/{path}");
    private static final Path SEEN = Path.of(System.getenv("SEEN"));

    private Telling() {}

    static void tell(HttpServletRequest request, List<Map<String, Object>> operations, String path) throws IOException {
        request.getInputStream().readAllBytes();
        String method = request.getMethod();
        for (String name : List.of("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")) {
            String asked = request.getHeader(name);
            if (asked != null && !asked.isBlank()) {
                method = asked.trim().toUpperCase(Locale.ROOT);
            }
        }
        List<Object> headers = new ArrayList<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            for (String value : Collections.list(request.getHeaders(name))) {
                headers.add(List.of(name, value));
            }
        }
        List<Object> trailers = new ArrayList<>();
        if (request.isTrailerFieldsReady()) {
            request.getTrailerFields().forEach((name, value) -> trailers.add(List.of(name, value)));
        }
        List<Object> hosts = new ArrayList<>(List.of(request.getServerName()));
        try {
            String host = new URI("http://" + request.getHeader("Host") + "/").getHost();
            hosts.add(host == null ? "" : host);
        } catch (URISyntaxException e) {
            // No URL, no other reading.
        }
        String line = json(Map.of("case", text(request.getHeader("X-Case")), "method", method, "operations", operations,
                "path", latin1(path), "hosts", hosts, "headers", headers, "trailers", trailers)) + "\n";
        Files.write(SEEN, line.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    /** Each byte as one character. */
    static String latin1(String decoded) {
        return new String(decoded.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String json(Object value) {
        StringBuilder out = new StringBuilder();
        if (value instanceof Map<?, ?> map) {
            List<String> members = new ArrayList<>();
            map.forEach((name, member) -> members.add(json(name) + ": " + json(member)));
            return out.append('{').append(String.join(", ", members)).append('}').toString();
        }
        if (value instanceof List<?> list) {
            return out.append('[').append(String.join(", ", list.stream().map(Telling::json).toList())).append(']').toString();
        }
        out.append('"');
        for (char c : value.toString().toCharArray()) {
            if (c < ' ' || c == '"' || c == '\\' || c > '~') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
