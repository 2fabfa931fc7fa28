import ProjectModel

/// `/proc/sys/net/ipv4/ip_local_port_range`: the first and the last port, in decimal.
enum EphemeralPorts {
    static func range(in bytes: [UInt8]) throws(MalformedLine) -> PortRange {
        var range: PortRange?
        try ProcLines.forEach(in: bytes) { line, number throws(MalformedLine) in
            guard range == nil else { throw MalformedLine(number: number, reason: "is one line too many") }
            range = portRange(in: line)
            guard range != nil else {
                throw MalformedLine(number: number, reason: "does not hold the first and the last port of a range")
            }
        }
        guard let range else { throw MalformedLine(number: 1, reason: "is missing, the file is empty") }
        return range
    }

    private static func portRange(in line: ArraySlice<UInt8>) -> PortRange? {
        let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let ports = words.compactMap { UInt16(String(decoding: $0, as: UTF8.self)) }
        guard words.count == 2, ports.count == 2, ports[0] <= ports[1] else { return nil }
        return PortRange(ports[0]...ports[1])
    }
}
