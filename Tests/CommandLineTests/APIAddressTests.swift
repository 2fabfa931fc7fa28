import ManagementClient
import Testing

@Suite("Addresses of an API")
struct APIAddressTests {
    @Test(
        "equal addresses have one form",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("HTTPS://Example.TEST/", "https://example.test"),
            ("https://example.test/Base/path//", "https://example.test/Base/path"),
            ("http://[::1]:80", "http://[::1]:80"), ("http://[::1]", "http://[::1]"),
        ])
    func accepted(_ given: String, _ text: String) throws {
        #expect(try APIAddress(given).text == text)
    }

    @Test(
        "what is no address of an API is refused",
        arguments: [
            "", "example.test", "ftp://example.test", "http://", "http:///path", "http://user:password@example.test",
            "http://example.test?a=b", "http://example.test#a", "http://example.test:0", "http://example.test:65536",
            "http://example.test:", "http://exa mple.test", "http://[::1", "http://[::1]8080", "http://é.test",
            "http://example.test/" + String(repeating: "a", count: 2_048),
        ])
    func refused(_ given: String) async {
        let error = await clientError { _ = try APIAddress(given) }
        #expect(error.map { ExitStatus($0) } == .usage)
        #expect(error?.description.contains("password") == false)
    }

    @Test("an address with a login is refused with a word about what to do instead")
    func login() async throws {
        let error = await clientError { _ = try APIAddress("http://user:password@example.test") }
        #expect(error?.description.contains("must not hold a login") == true)
        #expect(try APIAddress("http://example.test/a@b").text == "http://example.test/a@b")
    }

    @Test(
        "only encryption or the machine itself keeps secrets",
        arguments: [
            ("http://127.0.0.1:8080", false), ("http://localhost", false), ("http://localhost:1", false),
            ("http://[::1]:8080", false), ("https://example.test", false), ("http://example.test", true),
            ("http://localhost.example.test", true), ("http://10.0.0.1/127.0.0.1", true),
        ])
    func exposed(_ given: String, _ isExposed: Bool) throws {
        #expect(try APIAddress(given).isExposed == isExposed)
    }
}
