package backends;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** How a servlet reads a request, in Jetty and in Tomcat. */
public final class Plain extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String info = request.getPathInfo() == null ? "" : request.getPathInfo();
        String path = request.getServletPath() + info;
        Telling.tell(request, List.of(Map.of("path", Telling.latin1(path))), path);
    }

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(System.getenv("PORT"));
        if (arguments[0].equals("jetty")) {
            Server server = new Server();
            ServerConnector connector = new ServerConnector(server);
            connector.setHost("127.0.0.1");
            connector.setPort(port);
            server.addConnector(connector);
            ServletContextHandler context = new ServletContextHandler("/");
            context.addServlet(new ServletHolder(new Plain()), "/*");
            server.setHandler(context);
            server.start();
            server.join();
        } else {
            Tomcat tomcat = new Tomcat();
            tomcat.setBaseDir(Files.createTempDirectory(Path.of(System.getenv("FILES")), "tomcat").toString());
            Connector connector = new Connector();
            connector.setProperty("address", "127.0.0.1");
            connector.setPort(port);
            tomcat.setConnector(connector);
            var context = tomcat.addContext("", null);
            Tomcat.addServlet(context, "plain", new Plain());
            context.addServletMappingDecoded("/*", "plain");
            tomcat.start();
            tomcat.getServer().await();
        }
    }
}
