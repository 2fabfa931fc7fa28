import Clients
import ProjectModel
import Testing

@testable import LinuxHost

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("0.0.0.0", "10.1.2.3", true),
        ("0.0.0.0", "0.0.0.0", true), ("::", "127.0.0.1", true), ("::", "::1", true), ("::", "0.0.0.0", true),
        ("::1", "127.0.0.1", false), ("::1", "0.0.0.0", false), ("::1", "::1", true), ("::1", "::2", false),
        ("::ffff:127.0.0.1", "127.0.0.1", true), ("::ffff:127.0.0.1", "::1", false),
        ("::ffff:0.0.0.0", "127.0.0.1", true),
    ])
    func addressesClashInBothDirections(one: String, two: String, clash: Bool) throws {
        let first = try #require(BoundAddress(one))
        let second = try #require(BoundAddress(two))
        #expect(first.clashes(with: second) == clash)
        #expect(second.clashes(with: first) == clash)
    }

    @Test(
        arguments: [
            ("::", 0), ("::1", 1), ("1::", 1 << 112), ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004_0005_0006_0007_0008),
            ("fe80::42:FF:fe00:1", 0xFE80_0000_0000_0000_0042_00FF_FE00_0001),
            ("64:ff9b::192.0.2.33", 0x0064_FF9B_0000_0000_0000_0000_C000_0221),
            ("1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004_0005_0006_0102_0304),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004_0005_0006_0007_0000),
        ] as [(String, UInt128)])
    func ipv6AddressesAreRead(text: String, number: UInt128) {
        #expect(IPv6Text.number(text) == number)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0", "+1::",
        "1:2:3:4:5:6:7:8::", "1:2:3:4::5:6:7:8", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "[::1]", "::1 ",
        "1:2:3:4:5:6:7:",
        "localhost", "127.0.0.1:80", "127.0.0.01",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(BoundAddress(text) == nil)
    }
}
