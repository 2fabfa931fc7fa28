import ProjectModel
import Testing

@Suite("Endpoints of projects") struct ProjectEndpointTests {
    @Test(
        "a host is a name or an address, and nothing around it",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("example.com", "example.com"), ("a-b_c.example", "a-b_c.example"),
            ("localhost", "localhost"), ("::1", "[::1]"), ("[::1]", "[::1]"), ("2001:db8::1", "[2001:db8::1]"),
            ("::", "[::]"), ("1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"), ("::ffff:10.0.0.1", "[::ffff:10.0.0.1]"),
        ])
    func hosts(text: String, inURL: String) throws {
        let host = try #require(PublicHost(text))
        #expect(host.inURL == inURL)
        #expect(ProjectEndpoint(host: host, port: 54_320).url == "http://\(inURL):54320")
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", " ", "a b", "http://a", "a/b", "a:80", "127.0.0.1:80", "[::1]:80", "1.2.3", "1.2.3.400", "1.2.3.4.5",
            "a..b", ".a", "a.", "-a", "a-", "1::2::3", ":1", "1:", "1:2:3", "12345::", "::g", "[a]", "a@b", "a,b",
            "ä.de",
            "fe80::1%eth0", "a\n", String(repeating: "a", count: 64),
        ])
    func others(text: String) { #expect(PublicHost(text) == nil) }

    @Test("a port is optional, a path comes last")
    func parts() throws {
        let host = try #require(PublicHost("example.com"))
        let endpoint = ProjectEndpoint(scheme: "https", host: host, port: nil, path: "/p/x")
        #expect(endpoint.url == "https://example.com/p/x")
        #expect(endpoint.authority == "example.com")
        #expect(endpoint.url("/rest/v1/") == "https://example.com/p/x/rest/v1/")
    }
}
