import CurlKit
import HTTPStub
import Testing

@Suite("SMTP client")
struct SMTPTests {
    @Test(
        "mails go to another host by TLS alone, unless plain text is allowed and no password is sent",
        arguments: [
            ("mail.example", nil, false, true), ("mail.example", nil, true, false), ("mail.example", "p", false, true),
            ("mail.example", "p", true, true), ("localhost", nil, false, false), ("127.0.0.1", "p", false, false),
            ("::1", nil, false, false), ("localhost.example", nil, false, true), ("10.0.0.1", nil, false, true),
        ] as [(String, String?, Bool, Bool)])
    func needsTLS(host: String, password: String?, allows: Bool, expected: Bool) {
        let server = SMTPClient.Server(
            host: host, port: 25, user: nil, password: password, allowsPlainText: allows)
        #expect(server.needsTLS == expected)
    }

    @Test("a server that says nothing is left after the time for a whole mail")
    func silent() async throws {
        // It answers to requests of HTTP, so it waits for the client, as the client does for it.
        let stub = try StubServer(.loopback) { _ in [.close] }
        defer { stub.stop() }
        let client = SMTPClient(
            server: .init(host: "127.0.0.1", port: stub.port, user: nil, password: nil), totalTimeout: .seconds(1))
        let begun = ContinuousClock.now
        await #expect(throws: SMTPError.self) {
            try await client.send(Array("x\r\n".utf8), from: "a@example.com", to: "b@example.com")
        }
        #expect(ContinuousClock.now - begun < .seconds(9))
    }
}
