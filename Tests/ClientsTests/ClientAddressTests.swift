import Clients
import Testing

@Suite("Addresses of clients")
struct ClientAddressTests {
    @Test(
        "one address is one value, however it is written",
        arguments: [
            ["127.0.0.1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "[::ffff:127.0.0.1]:443", "127.0.0.1:80"],
            ["::1", "0:0:0:0:0:0:0:1", "[::1]", "[::1]:8080", "::1%lo"],
            ["fe80::1%eth0", "FE80:0::1"], ["2001:db8::", "2001:0db8:0:0:0:0:0:0"],
        ])
    func same(texts: [String]) {
        #expect(texts.allSatisfy { ClientAddress($0) != nil }, "\(texts)")
        #expect(Set(texts.compactMap { ClientAddress($0) }).count == 1, "\(texts)")
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", "local", "unknown", "1.2.3", "1.2.3.4.5", "256.0.0.1", ":::", "1::2::3", "[::1", "[::1]x", "::1]",
            "1.2.3.4:99999", "%eth0", String(repeating: "1", count: 100), "::ffff:1.2.3.256",
        ])
    func none(text: String) { #expect(ClientAddress(text) == nil) }

    @Test("of IPv6 a subscriber has 2⁶⁴ addresses, which are one network; of IPv4 one")
    func networks() {
        #expect(ClientAddress.network(of: "192.0.2.7") == "192.0.2.7")
        #expect(ClientAddress.network(of: "::ffff:192.0.2.7") == "192.0.2.7")
        #expect(ClientAddress.network(of: "2001:db8:1:2:3::4") == "2001:db8:1:2:0:0:0:0/64")
        #expect(ClientAddress.network(of: "2001:db8:1:2::9") == ClientAddress.network(of: "2001:db8:1:2:ffff::"))
        #expect(ClientAddress.network(of: "2001:db8:1:3::9") != ClientAddress.network(of: "2001:db8:1:2::9"))
        #expect(ClientAddress.network(of: "local") == "local")
    }
}
