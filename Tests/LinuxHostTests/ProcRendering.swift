import ProjectModel

@testable import LinuxHost

/// Writes the kernel's tables, from octets, without the code under test.
enum ProcRendering {
    static let tcpHeading =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    static let routeHeading = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

    /// A table with one socket for each row.
    static func tcpTable(_ rows: [(octets: [UInt8], port: UInt16, state: UInt8)]) -> String {
        rows.enumerated().reduce(into: tcpHeading) { text, row in
            let peer = words(row.element.octets.map { _ in 0 })
            text += "\(padded(row.offset, to: 4)): \(words(row.element.octets)):\(hex(row.element.port, digits: 4)) "
            text += "\(peer):0000 \(hex(row.element.state, digits: 2)) 00000000:00000000 00:00000000 00000000 "
            text += "    0        0 1150 1 000000009a029610 100 0 0 10 0\n"
        }
    }

    /// A table with one route for each network.
    static func routeTable(_ networks: [IPv4Network]) -> String {
        networks.reduce(into: routeHeading) { text, network in
            let mask = (0..<32).map { $0 < network.prefixLength ? "1" : "0" }.joined()
            let maskOctets = octets(UInt32(mask, radix: 2) ?? 0)
            text +=
                "eth0\t\(words(octets(network.base.number)))\t00000000\t0001\t0\t0\t0\t\(words(maskOctets))\t0\t0\t0"
            text += "                  \n"
        }
    }

    /// Octets of an address, the most significant one first.
    static func octets<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    /// Groups of four octets as the numbers that they are in this machine's memory.
    private static func words(_ octets: [UInt8]) -> String {
        let isLittleEndian = UInt16(1).littleEndian == 1
        return stride(from: 0, to: octets.count, by: 4).map { start in
            let word = octets[start..<(start + 4)]
            return (isLittleEndian ? word.reversed() : Array(word)).map { hex($0, digits: 2) }.joined()
        }.joined()
    }

    private static func hex(_ number: some BinaryInteger, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: digits - text.count) + text
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
    }
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
