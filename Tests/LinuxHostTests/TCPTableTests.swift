import ProjectModel
import Testing

@testable import LinuxHost

/// Recorded on little-endian machines; on others the words would be printed the other way round.
private let isLittleEndian = UInt16(1).littleEndian == 1

@Suite struct TCPTableTests {
    @Test(.enabled(if: isLittleEndian)) func onlyListenersOfARecordedTableAreFound() throws {
        let rows = """
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0 100 0 0 10 0
               1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1150 1 0 100 0 0 10 0
               2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 41 1 0 20 4 30 10 -1
               3: 020011AC:D431 040011AC:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0

            """
        let listeners = try TCPTable.listeners(in: Array((ProcRendering.tcpHeading + rows).utf8))
        let loopback = try #require(IPv4Address("127.0.0.1"))
        #expect(
            listeners == [
                TCPListener(address: .ipv4(loopback), port: 8_080),
                TCPListener(address: .ipv4(IPv4Address(number: 0)), port: 2_024),
            ])
    }

    @Test(.enabled(if: isLittleEndian)) func mappedAddressesOfARecordedIPv6TableAreIPv4() throws {
        let tail =
            "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1 0 100 0 0 10 0"
        let rows = """
               0: 00000000000000000000000000000000:0050 \(tail)
               1: 00000000000000000000000001000000:0051 \(tail)
               2: 0000000000000000FFFF00000100007F:0052 \(tail)
               3: 000080FE00000000FF005450B6455CFE:0053 \(tail)

            """
        let listeners = try TCPTable.listeners(in: Array((ProcRendering.tcpHeading + rows).utf8))
        let loopback = try #require(IPv4Address("127.0.0.1"))
        #expect(
            listeners == [
                TCPListener(address: .ipv6(0), port: 80), TCPListener(address: .ipv6(1), port: 81),
                TCPListener(address: .ipv4(loopback), port: 82),
                TCPListener(address: .ipv6(0xFE80_0000_0000_0000_5054_00FF_FE5C_45B6), port: 83),
            ])
    }

    @Test(arguments: UInt64(1)...40)
    func whatIsRenderedIsParsedBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let isIPv6 = Bool.random(using: &generator)
        var expected: [TCPListener] = []
        let rows = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
            let port = UInt16.random(in: 0...UInt16.max, using: &generator)
            let state = Bool.random(using: &generator) ? 0x0A : UInt8.random(in: 1...12, using: &generator)
            let number = randomAddress(isIPv6: isIPv6, using: &generator)
            let octets = isIPv6 ? ProcRendering.octets(number) : ProcRendering.octets(UInt32(number))
            let address: BoundAddress =
                isIPv6 ? BoundAddress(ipv6: number) : .ipv4(IPv4Address(number: UInt32(number)))
            if state == 0x0A { expected.append(TCPListener(address: address, port: port)) }
            return (octets: octets, port: port, state: state)
        }
        #expect(try TCPTable.listeners(in: Array(ProcRendering.tcpTable(rows).utf8)) == expected)
    }

    private func randomAddress(isIPv6: Bool, using generator: inout SeededGenerator) -> UInt128 {
        let low = UInt128(UInt32.random(in: 0...UInt32.max, using: &generator))
        guard isIPv6 else { return low }
        return switch Int.random(in: 0...3, using: &generator) {
        case 0: 0
        case 1: 0xFFFF << 32 | low
        default: UInt128.random(in: 0...UInt128.max, using: &generator)
        }
    }

    @Test(arguments: [
        "   1: 0100007F:1F90 00000000:0000", "   1: 0100007F 00000000:0000 0A", "   1: 0100007F:1F9 00000000:0000 0A",
        "   1: 0100007:1F90 00000000:0000 0A", "   1: 0100007G:1F90 00000000:0000 0A",
        "   1: 010000000100007F:1F90 00000000:0000 0A", "   1: 0100007F:1F90:2 00000000:0000 0A",
        "   1: 0100007F:1F90 00000000:0000 LISTEN", "", "   1: +100007F:1F90 00000000:0000 0A",
    ])
    func aGarbledLineIsAnErrorWithItsNumber(line: String) {
        let good = "   0: 0100007F:1F90 00000000:0000 0A 0 0\n"
        let error = #expect(throws: MalformedLine.self) {
            try TCPTable.listeners(in: Array((ProcRendering.tcpHeading + good + line + "\n" + good).utf8))
        }
        #expect(error?.number == 3)
    }

    @Test(arguments: ["", "garbage\n", "  sl  local_address", "   0: 0100007F:1F90 00000000:0000 0A 0 0\n"])
    func aTableWithoutItsHeadingIsAnError(text: String) {
        let error = #expect(throws: MalformedLine.self) { try TCPTable.listeners(in: Array(text.utf8)) }
        #expect(error?.number == 1)
    }

    @Test func aLineThatWasCutOffIsAnErrorEvenWhereItsFieldsCanBeRead() {
        let text = ProcRendering.tcpHeading + "   0: 0100007F:1F90 00000000:0000 0A 0 0"
        let error = #expect(throws: MalformedLine.self) { try TCPTable.listeners(in: Array(text.utf8)) }
        #expect(error == MalformedLine(number: 2, reason: "is cut off"))
    }
}
