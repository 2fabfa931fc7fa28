/// Takes one row apart while its bytes come in: a value's memory is taken once, however large it is.
struct DirectRowReader {
    private enum Phase {
        /// The number of values, in two bytes.
        case count
        /// The length of a value, in four bytes; NULL has -1.
        case length
        /// The bytes of a value.
        case value
        case end
    }

    private var phase = Phase.count
    private var number: UInt32 = 0
    private var numberBytes = 0
    private var valuesLeft = 0
    private var valueLeft = 0
    private var value: [UInt8] = []
    /// Bytes of the message that have not come.
    private var left: Int
    /// The values so far.
    private(set) var values: [[UInt8]?] = []

    /// - Parameter length: bytes of the message.
    init(length: Int) { left = length }

    /// Whether the row is whole.
    var isWhole: Bool { phase == .end && left == 0 }

    /// Takes the message's next bytes. False where they are no row.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        left -= bytes.count
        while position < bytes.count {
            switch phase {
            case .count, .length:
                number = number << 8 | UInt32(bytes[position])
                numberBytes += 1
                position += 1
                guard takeNumber(ofBytesLeft: left + bytes.count - position) else { return false }
            case .value:
                let count = min(valueLeft, bytes.count - position)
                value.append(contentsOf: bytes[position..<position + count])
                position += count
                valueLeft -= count
                if valueLeft == 0 { endValue() }
            case .end: return false
            }
        }
        return true
    }

    private mutating func takeNumber(ofBytesLeft bytesLeft: Int) -> Bool {
        guard numberBytes == (phase == .count ? 2 : 4) else { return true }
        defer { (number, numberBytes) = (0, 0) }
        if phase == .count {
            valuesLeft = Int(number)
            values.reserveCapacity(valuesLeft)
            phase = valuesLeft == 0 ? .end : .length
            return true
        }
        valuesLeft -= 1
        guard number != .max else {
            values.append(nil)
            phase = valuesLeft == 0 ? .end : .length
            return true
        }
        // Before memory is taken for it.
        guard number <= bytesLeft else { return false }
        valueLeft = Int(number)
        value.reserveCapacity(valueLeft)
        phase = .value
        if valueLeft == 0 { endValue() }
        return true
    }

    private mutating func endValue() {
        values.append(value)
        value = []
        phase = valuesLeft == 0 ? .end : .length
    }
}
