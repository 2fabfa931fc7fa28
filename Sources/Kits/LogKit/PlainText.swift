/// Text that is shown to a person and comes from elsewhere, for logs and for terminals.
public enum PlainText {
    /// The text with something in place of each character that a terminal or a reader would obey instead of showing it:
    /// control characters, separators of lines and paragraphs, marks that hide or turn text around.
    public static func replacingObeyed(
        in text: String, by replacement: (Unicode.Scalar) -> some StringProtocol
    ) -> String {
        guard !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isObeyed(scalar) {
                result.append(contentsOf: replacement(scalar).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}
