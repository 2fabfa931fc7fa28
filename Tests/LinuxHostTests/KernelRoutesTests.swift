import ProjectModel
import Testing

@testable import LinuxHost

@Suite struct RouteTableTests {
    @Test(arguments: UInt64(1)...40)
    func whatIsRenderedIsParsedBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var networks: [IPv4Network] = []
        for _ in 0..<Int.random(in: 0...40, using: &generator) {
            let address = IPv4Address(number: UInt32.random(in: 0...UInt32.max, using: &generator))
            let length = Int.random(in: 0...32, using: &generator)
            let network = try #require(IPv4Network(containing: address, prefixLength: length))
            if !networks.contains(network) { networks.append(network) }
        }
        #expect(try KernelRoutes.destinations(in: Array(ProcRendering.routeTable(networks).utf8)) == networks)
    }

    @Test func aDestinationWithTwoRoutesIsThereOnce() throws {
        let network = try #require(IPv4Network("10.1.0.0/16"))
        let table = ProcRendering.routeTable([network, network])
        #expect(try KernelRoutes.destinations(in: Array(table.utf8)) == [network])
    }

    @Test(arguments: [
        "eth0\t000011AC\t00000000\t0001\t0\t0\t0", "eth0\t000011A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
        "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t255.255.0.0\t0\t0\t0", "nothing", "",
        "eth0\t000011AC\t00000000\t0001\t0\t0\t0\tFF00FF00\t0\t0\t0",
    ])
    func aGarbledLineIsAnErrorWithItsNumber(line: String) throws {
        let table = ProcRendering.routeTable([try #require(IPv4Network("10.1.0.0/16"))])
        let error = #expect(throws: MalformedLine.self) {
            try KernelRoutes.destinations(in: Array((table + line + "\n").utf8))
        }
        #expect(error?.number == 3)
    }

    @Test(arguments: ["", "Iface\tDestination\n", "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"])
    func aTableWithoutItsHeadingIsAnError(text: String) {
        let error = #expect(throws: MalformedLine.self) { try KernelRoutes.destinations(in: Array(text.utf8)) }
        #expect(error?.number == 1)
    }
}

@Suite struct EphemeralPortsTests {
    @Test(arguments: [("32768\t60999\n", "32768-60999"), ("1024 1024\n", "1024-1024")])
    func aRangeIsRead(text: String, range: String) throws {
        #expect(try EphemeralPorts.range(in: Array(text.utf8)) == PortRange(range))
    }

    @Test(arguments: [
        ("", 1), ("32768\n", 1), ("32768\t60999", 1), ("60999\t32768\n", 1), ("0\t60999\n", 1), ("a\tb\n", 1),
        ("32768\t70000\n", 1), ("32768\t60999\t1\n", 1), ("32768\t60999\n1\t2\n", 2),
    ])
    func anythingElseIsAnErrorWithTheLine(text: String, line: Int) {
        let error = #expect(throws: MalformedLine.self) { try EphemeralPorts.range(in: Array(text.utf8)) }
        #expect(error?.number == line)
    }
}
