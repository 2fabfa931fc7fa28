/// Names of buckets and objects, checked. What is not refused is taken as it came: nothing is normalized.
enum StorageNames {
    /// Longest name of a bucket, in characters, all of which are ASCII.
    static let bucketCharactersMax = 100
    /// Longest key, in bytes of UTF-8, as S3 has it.
    static let keyBytesMax = 1_024
    /// What clients make to keep a folder: it may be empty and of any type.
    static let placeholder = ".emptyFolderPlaceholder"

    private static let signs = Set("_!-.*'() &$@=;:+,?".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: signs.contains(byte)
        }
    }

    /// The name of a bucket.
    static func bucket(_ name: String) throws(StorageError) -> String {
        let bytes = Array(name.utf8)
        guard (1...bucketCharactersMax).contains(bytes.count), bytes.allSatisfy(isPlain), bytes.first != 0x20,
            bytes.last != 0x20, name != ".", name != ".."
        else { throw .badBucketName }
        return name
    }

    /// The key of an object. Segments `.` and `..` are refused: HTTP clients and proxies take them for something else.
    static func key(_ key: String) throws(StorageError) -> String {
        guard (1...keyBytesMax).contains(key.utf8.count), key.unicodeScalars.allSatisfy(isAllowed),
            !key.utf8.split(separator: UInt8(ascii: "/")).contains(where: {
                $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
            })
        else { throw .badKey(shown(key)) }
        return key
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar == "/" || isPlain(UInt8(truncatingIfNeeded: scalar.value)) }
        switch scalar.properties.generalCategory {
        case .control, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func shown(_ key: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in key.unicodeScalars.prefix(200) where scalar.properties.generalCategory != .control {
            text.append(scalar)
        }
        return String(text)
    }
}
