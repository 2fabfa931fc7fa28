public import Logging

/// Writes each event as one line without control characters: names, errors and paths come from people, projects and
/// containers, and must neither begin a line of their own nor reach a terminal as commands.
public struct PlainLogHandler<Base: LogHandler>: LogHandler {
    private var base: Base

    /// A handler in front of another.
    public init(_ base: Base) { self.base = base }

    /// Least severe level that is logged.
    public var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    /// What every event carries.
    public var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue.mapValues(Self.plain) }
    }

    /// What is asked for each event.
    public var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    /// One value of what every event carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue.map(Self.plain) }
    }

    /// Passes an event on in one line.
    public func log(event: LogEvent) {
        var event = event
        event.message = "\(PlainText.escaped(event.message.description))"
        event.metadata = event.metadata?.mapValues(Self.plain)
        base.log(event: event)
    }

    private static func plain(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
        switch value {
        case .array(let values): .array(values.map(plain))
        case .dictionary(let values): .dictionary(values.mapValues(plain))
        case .string, .stringConvertible: .string(PlainText.escaped(value.description))
        }
    }
}

extension PlainLogHandler where Base == StreamLogHandler {
    /// A handler on standard error.
    public static func standardError(label: String) -> Self { Self(.standardError(label: label)) }
}

/// Text from others, in one line.
enum PlainText {
    /// The text with control characters, ends of lines and marks of direction as `\u{…}`.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// C0, delete, C1, ends of lines, and the marks that turn the direction of text around.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
