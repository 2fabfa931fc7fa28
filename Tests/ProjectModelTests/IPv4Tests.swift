import OrchestratorTesting
import ProjectModel
import Testing

@Suite("IPv4 addresses and networks")
struct IPv4Tests {
    @Test(
        "an address is four octets without decoration",
        arguments: [
            ("0.0.0.0", 0), ("10.0.0.1", 0x0A00_0001), ("127.0.0.1", 0x7F00_0001), ("192.168.255.254", 0xC0A8_FFFE),
            ("255.255.255.255", 0xFFFF_FFFF),
        ] as [(String, UInt32)])
    func address(text: String, number: UInt32) {
        #expect(IPv4Address(text)?.number == number)
        #expect(IPv4Address(number: number).description == text)
    }

    @Test(
        "what is not an address is refused",
        arguments: [
            "", ".", "...", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", "1.2.3.-4", " 1.2.3.4",
            "1.2.3.4 ",
            "1.2.3.", ".1.2.3", "a.b.c.d", "1.2.3.4/8", "١.٢.٣.٤", "1.2.3.4\0", "::1", "0x1.2.3.4", "1..2.3",
        ])
    func badAddress(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test("addresses are ordered by their numbers, not by their text")
    func order() throws {
        let two = try #require(IPv4Address("10.0.0.2"))
        let ten = try #require(IPv4Address("10.0.0.10"))
        #expect(two < ten)
    }

    @Test(
        "a network is its lowest address and a length",
        arguments: [
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", 1 << 32), ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", 1 << 24),
            ("10.201.0.32/27", "10.201.0.32", "10.201.0.63", 32), ("1.2.3.4/32", "1.2.3.4", "1.2.3.4", 1),
            ("255.255.255.254/31", "255.255.255.254", "255.255.255.255", 2),
        ] as [(String, String, String, UInt64)])
    func network(text: String, base: String, last: String, count: UInt64) throws {
        let network = try #require(IPv4Network(text))
        #expect(network.description == text)
        #expect(network.base.description == base)
        #expect(network.last.description == last)
        #expect(network.addressCount == count)
        #expect(network.address(at: 0) == network.base)
        #expect(network.address(at: UInt32(count - 1)) == network.last)
        if count <= UInt64(UInt32.max) { #expect(network.address(at: UInt32(count)) == nil) }
    }

    @Test(
        "what is not a network is refused",
        arguments: [
            "", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
            "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0/8", "10.0.0.33/27",
            "10.0.0.0/255.0.0.0",
        ])
    func badNetwork(text: String) {
        #expect(IPv4Network(text) == nil)
    }

    @Test("the network around an address drops the bits behind the length, and only lengths from 0 to 32 exist")
    func containing() throws {
        let address = try #require(IPv4Address("10.201.7.77"))
        #expect(IPv4Network(containing: address, prefixLength: 27)?.description == "10.201.7.64/27")
        #expect(IPv4Network(containing: address, prefixLength: 0)?.description == "0.0.0.0/0")
        #expect(IPv4Network(containing: address, prefixLength: 32)?.description == "10.201.7.77/32")
        #expect(IPv4Network(containing: address, prefixLength: 33) == nil)
        #expect(IPv4Network(containing: address, prefixLength: -1) == nil)
    }

    @Test("two networks overlap exactly when some address is in both", arguments: UInt64(0)..<200)
    func overlap(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func draw() throws -> IPv4Network {
            // Only the last eight bits vary, so that all addresses can be compared one by one.
            let address = IPv4Address(number: 0x0AC9_0000 | UInt32.random(in: 0...255, using: &generator))
            return try #require(
                IPv4Network(containing: address, prefixLength: Int.random(in: 24...32, using: &generator)))
        }
        for _ in 0..<20 {
            let (left, right) = (try draw(), try draw())
            func addresses(_ network: IPv4Network) -> Set<UInt32> {
                Set((0..<UInt32(network.addressCount)).compactMap { network.address(at: $0)?.number })
            }
            let shared = !addresses(left).isDisjoint(with: addresses(right))
            #expect(left.overlaps(right) == shared, "\(left) and \(right)")
            #expect(right.overlaps(left) == shared, "\(right) and \(left)")
        }
    }

    @Test("reading back what was printed gives the same network", arguments: UInt64(0)..<50)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let address = IPv4Address(number: .random(in: .min ... .max, using: &generator))
        for length in 0...32 {
            let network = try #require(IPv4Network(containing: address, prefixLength: length))
            #expect(IPv4Network(network.description) == network)
        }
    }
}

@Suite("Port ranges")
struct PortRangeTests {
    @Test(
        "a range is two ports in order",
        arguments: [("1-1", 1, 1), ("54320-65535", 54_320, 65_535)] as [(String, UInt16, UInt16)])
    func good(text: String, first: UInt16, last: UInt16) throws {
        let range = try #require(PortRange(text))
        #expect(range.bounds == first...last)
        #expect(range.description == text)
        #expect(PortRange(first...last) == range)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "-", "1", "1-", "-1", "0-10", "0-0", "10-9", "1-65536", "1-2-3", "+1-2", "1-+2", "01-2", " 1-2", "1-2 ",
            "a-b",
            "1–2",
        ])
    func bad(text: String) {
        #expect(PortRange(text) == nil)
    }

    @Test("port 0 is no port")
    func zero() {
        #expect(PortRange(0...10) == nil)
    }
}
