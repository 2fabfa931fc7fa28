import DataPlaneCore

/// The import map that a function runs with: its own, and what stands in for packages that bring types only.
///
/// It lies in another folder than the function's own, so addresses in it that are relative are made whole.
enum ImportMap {
    /// Specifiers of the package that declares `EdgeRuntime` for editors: at run time there is nothing in it.
    private static let typesOnly = [
        "jsr:@supabase/functions-js/edge-runtime.d.ts", "jsr:@supabase/functions-js@2/edge-runtime.d.ts",
        "jsr:@supabase/functions-js@^2/edge-runtime.d.ts", "@supabase/functions-js/edge-runtime.d.ts",
        "https://esm.sh/@supabase/functions-js/src/edge-runtime.d.ts",
    ]

    /// The map as JSON; nil where the function's own is no JSON object.
    ///
    /// - Parameters:
    ///   - own: the function's import map, or its `deno.json`.
    ///   - path: its absolute path.
    ///   - empty: the absolute path of a module with nothing in it.
    static func text(own: [UInt8]?, at path: String, empty: String) -> String? {
        var imports = typesOnly.map { JSONText.Member($0, .string(FileURL.of(empty))) }
        var members: [JSONText.Member] = []
        if let own {
            guard let json = try? JSONText(own), case .object = json else { return nil }
            let base = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            imports += whole(json["imports"], base)
            if case .object(let scopes)? = json["scopes"] {
                members.append(
                    .init(
                        "scopes",
                        .object(scopes.map { .init(address($0.name, base), .object(whole($0.value, base))) })))
            }
        }
        return JSONText.object([.init("imports", .object(imports))] + members).text
    }

    private static func whole(_ map: JSONText?, _ base: String) -> [JSONText.Member] {
        guard case .object(let members)? = map else { return [] }
        return members.map { member in
            let value = member.value.stringValue.map { JSONText.string(address($0, base)) } ?? member.value
            return .init(address(member.name, base), value)
        }
    }

    /// An address as it is meant in the folder `base`.
    private static func address(_ text: String, _ base: String) -> String {
        guard text.hasPrefix("./") || text.hasPrefix("../") || text == "." || text == ".." else { return text }
        var segments = base.split(separator: "/").map(String.init)
        for part in text.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": if !segments.isEmpty { segments.removeLast() }
            default: segments.append(String(part))
            }
        }
        return FileURL.of("/" + segments.joined(separator: "/")) + (text.hasSuffix("/") ? "/" : "")
    }
}

/// Addresses of files.
enum FileURL {
    /// The address of an absolute path.
    static func of(_ path: String) -> String {
        var text = "file://"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
