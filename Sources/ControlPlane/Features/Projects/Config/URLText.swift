import APIKit

/// Addresses in texts.
enum URLText {
    /// The text with `***` in place of each `name:password` of an address (RFC 3986 §3.2.1).
    ///
    /// - Parameter keepsReferences: leaves what ends with a reference alone, `name:${PASSWORD}`: it shows no value.
    static func withoutLogin(_ text: String, keepsReferences: Bool = false) -> String {
        let all = Array(text.unicodeScalars)
        let ends = Set<Unicode.Scalar>("/?#, \\\n\r\t\"'".unicodeScalars)
        var result = String.UnicodeScalarView()
        var index = 0
        while index < all.count {
            result.append(all[index])
            index += 1
            guard result.suffix(3).elementsEqual("://".unicodeScalars) else { continue }
            let authority = all[index...].prefix { !ends.contains($0) }
            guard let at = authority.lastIndex(of: "@") else { continue }
            if keepsReferences, isReference(all[index..<at]) { continue }
            result.append(contentsOf: "***".unicodeScalars)
            index = at
        }
        return String(result)
    }

    /// Whether a password is a variable reference. A `$` of a value is doubled in a Compose file.
    private static func isReference(_ login: ArraySlice<Unicode.Scalar>) -> Bool {
        let password = login.suffix(while: { $0 != ":" })
        let name = password.dropFirst(2).dropLast()
        return password.starts(with: "${".unicodeScalars) && password.last == "}" && !name.isEmpty
            && name.allSatisfy { ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
    }
}

extension ArraySlice {
    /// The longest end whose elements all hold.
    fileprivate func suffix(while holds: (Element) -> Bool) -> ArraySlice {
        self[(lastIndex { !holds($0) }.map { $0 + 1 } ?? startIndex)...]
    }
}
