package backends;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.HandlerMapping;

/** How Spring MVC reads a request, with its default settings; its own Tomcat in front. */
@RestController
@SpringBootApplication
public class Spring {
    @RequestMapping({"/healthz", "/admin", "/admin/users", "/users/{id}", "/users/{id}/orders", "/orders", "/orders/{id}",
            "/files/{*path}"})
    void handled(HttpServletRequest request, @PathVariable Map<String, String> variables) throws IOException {
        String pattern = (String) request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
        Map<String, String> params = new LinkedHashMap<>();
        // What the rest of a path stands for has its slash.
        variables.forEach((name, value) ->
                params.put(name, Telling.latin1(name.equals("path") ? value.replaceFirst("^/", "") : value)));
        Map<String, Object> operation = Map.of("route", pattern.replace("{*path}", "{path}"), "params", params);
        Telling.tell(request, List.of(operation), request.getServletPath());
    }

    @RequestMapping("/**")
    void missing(HttpServletRequest request) throws IOException {
        Telling.tell(request, List.of(), request.getServletPath());
    }

    public static void main(String[] arguments) {
        SpringApplication.run(Spring.class, "--server.address=127.0.0.1", "--server.port=" + System.getenv("PORT"),
                "--server.tomcat.basedir=" + System.getenv("FILES"));
    }
}
