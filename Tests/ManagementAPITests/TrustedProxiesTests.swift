import Clients
import HTTPTypes
import ProjectModel
import Testing

@testable import APIKit
@testable import ManagementAPI

@Suite("Trusted proxies")
struct TrustedProxiesTests {
    private static let local = TrustedProxies(
        addresses: Set(["127.0.0.1", "10.0.0.7"].compactMap { ClientAddress($0) }))

    @Test(
        "the client is what the nearest proxy that is not trusted came from, however a listener names the peer",
        arguments: [
            ("127.0.0.1", "192.0.2.1", "192.0.2.1"), ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("::FFFF:7f00:1", "192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("::ffff:127.0.0.1", "192.0.2.1, ::ffff:10.0.0.7", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"), ("127.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
            ("127.0.0.1", "", "127.0.0.1"), ("127.0.0.1", "not an address", "127.0.0.1"),
            ("::1", "192.0.2.1", "0:0:0:0:0:0:0:1"), ("192.0.2.9", "192.0.2.1", "192.0.2.9"),
            ("local", "192.0.2.1", "local"),
        ])
    func client(peer: String, forwarded: String, expected: String) {
        var headers = HTTPFields()
        if !forwarded.isEmpty { headers[.forwardedFor] = forwarded }
        #expect(Self.local.client(of: headers, peer: peer) == expected)
    }
}
