/// Why a text with `${…}` has no value.
public enum InterpolationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `${` without a name, without its closing brace or with a character that has no meaning after the name.
    case invalidTemplate(String)
    /// A variable that the text demands by `:?` or `?` is not set; `message` is the text's own, possibly empty.
    case missingVariable(name: String, message: String)
    /// More than `Interpolation.maximumDepth` substitutions inside one another.
    case nestedTooDeeply
    /// More than `Interpolation.maximumBytes` of text.
    case tooLong

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .invalidTemplate(let template):
            "\"\(template.prefix(80))\" is not a valid substitution; write $$ for a $ that stands for itself"
        case .missingVariable(let name, ""): "required variable \(name) is missing a value"
        case .missingVariable(let name, let message): "required variable \(name) is missing a value: \(message)"
        case .nestedTooDeeply: "more than \(Interpolation.maximumDepth) substitutions inside one another"
        case .tooLong: "the text grows beyond \(Interpolation.maximumBytes) bytes"
        }
    }
}
