import Clients
import Testing

@Suite("Where requests of users may go")
struct OutboundPolicyTests {
    @Test(
        "the public internet alone",
        arguments: [
            "127.0.0.1", "127.255.255.255", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
            "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:10.0.0.1", "::7f00:1",
            "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
            "100.100.100.200", "", "localhost", "10.0.0",
        ])
    func refused(address: String) { #expect(!OutboundPolicy().allows(address), "\(address)") }

    @Test(
        "which is all of it",
        arguments: ["1.1.1.1", "172.32.0.1", "172.15.0.1", "9.255.255.255", "2606:4700::1111", "2001:4860:4860::8888"])
    func allowed(address: String) { #expect(OutboundPolicy().allows(address), "\(address)") }

    @Test("networks that are named are allowed, metadata services never")
    func named() throws {
        let all = try ["0.0.0.0/0", "::/0"].map { try #require(AddressBlock($0)) }
        let policy = OutboundPolicy(allowed: all)
        for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"] { #expect(policy.allows(address)) }
        for address in ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200"] {
            #expect(!policy.allows(address), "\(address)")
        }
        let one = OutboundPolicy(allowed: [try #require(AddressBlock("10.0.0.0/8"))])
        #expect(one.allows("10.9.9.9") && !one.allows("11.0.0.1") == false && !one.allows("192.168.0.1"))
    }

    @Test("what is no network is none", arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "a/8", "1.2.3.4/8/8"])
    func none(text: String) { #expect(AddressBlock(text) == nil) }
}
