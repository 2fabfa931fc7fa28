import ProjectModel

/// `/proc/net/route`: a heading, then a line for each route, of which these fields matter here:
/// `Iface Destination Gateway Flags RefCnt Use Metric Mask`.
enum KernelRoutes {
    /// Destinations of all routes, the default route (`0.0.0.0/0`) among them, each once and in the order of the file.
    static func destinations(in bytes: [UInt8]) throws(MalformedLine) -> [IPv4Network] {
        var destinations: [IPv4Network] = []
        var seen: Set<IPv4Network> = []
        var hasHeading = false
        try ProcLines.forEach(in: bytes) { line, number throws(MalformedLine) in
            guard hasHeading else {
                hasHeading = isHeading(line)
                guard hasHeading else {
                    throw MalformedLine(number: number, reason: "is not a routing table's heading")
                }
                return
            }
            let destination = try destination(in: line, number: number)
            if seen.insert(destination).inserted { destinations.append(destination) }
        }
        guard hasHeading else { throw MalformedLine(number: 1, reason: "is missing, the file is empty") }
        return destinations
    }

    private static let destinationField = 1
    private static let maskField = 7

    private static func isHeading(_ line: ArraySlice<UInt8>) -> Bool {
        guard let names = ProcLines.fields(line, count: maskField + 1) else { return false }
        return names[destinationField].elementsEqual("Destination".utf8) && names[maskField].elementsEqual("Mask".utf8)
    }

    private static func destination(in line: ArraySlice<UInt8>, number: Int) throws(MalformedLine) -> IPv4Network {
        guard let fields = ProcLines.fields(line, count: maskField + 1),
            let address = UInt32(networkOrderHexDigits: fields[destinationField]),
            let mask = UInt32(networkOrderHexDigits: fields[maskField])
        else { throw MalformedLine(number: number, reason: "does not hold a route's destination and mask") }
        let prefixLength = (~mask).leadingZeroBitCount
        guard mask.nonzeroBitCount == prefixLength,
            let network = IPv4Network(containing: IPv4Address(number: address), prefixLength: prefixLength)
        else { throw MalformedLine(number: number, reason: "holds a mask with gaps") }
        return network
    }
}
