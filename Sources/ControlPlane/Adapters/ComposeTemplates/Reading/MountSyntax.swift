import YAMLKit

extension ComposeMount {
    /// Reads one element of `volumes`, in the short or the long form.
    init?(reading cursor: NodeCursor) {
        if cursor.node.mapping != nil {
            self.init(longForm: cursor)
        } else if let text = cursor.string() {
            self.init(shortForm: text, cursor: cursor)
        } else {
            return nil
        }
    }

    /// `source:target[:options]`. A source that starts with `.`, `/` or `~` is a path on the host, else a volume.
    private init?(shortForm text: String, cursor: NodeCursor) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else {
            cursor.fail(.unsupported, "not supported: an anonymous volume is lost from sight; give it a name")
            return nil
        }
        guard parts.count <= 3, parts.allSatisfy({ !$0.isEmpty }) else {
            cursor.fail("\(cursor.shown) is not source:target or source:target:options")
            return nil
        }
        let isPath = "./~".contains(parts[0].prefix(1))
        self.init(isPath ? .bind : .volume, source: parts[0], target: parts[1])
        if isPath { bind = BindOptions() } else { volume = VolumeOptions() }
        for option in parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [] {
            switch option {
            case "ro": readOnly = true
            case "rw": readOnly = false
            case "nocopy" where kind == .volume: volume?.noCopy = true
            default:
                cursor.fail(
                    .unsupported, "\(cursor.shown) has a mount option that is not supported; use ro, rw or nocopy")
            }
        }
    }

    private static let fields: FieldTable<ComposeMount> = [
        // Read before the others, since a mount cannot be without them.
        "type": { _, _ in }, "target": { _, _ in },
        "source": field(\.source) { $0.nonEmptyString() },
        "read_only": field(\.readOnly) { $0.boolean() },
        "bind": field(\.bind) { BindOptions(reading: $0) },
        "volume": field(\.volume) { VolumeOptions(reading: $0) },
        "tmpfs": field(\.tmpfs) { TmpfsOptions(reading: $0) },
    ]

    private init?(longForm cursor: NodeCursor) {
        guard let type = cursor.child("type"), let target = cursor.child("target") else {
            cursor.fail("needs a type and a target")
            return nil
        }
        guard let typeName = type.string(), let targetPath = target.nonEmptyString() else { return nil }
        guard let kind = Kind(rawValue: typeName) else {
            type.fail(.unsupported, "mounts of type \(type.shown) are not supported; use bind, volume or tmpfs")
            return nil
        }
        self.init(kind, source: nil, target: targetPath)
        cursor.read(
            into: &self, fields: Self.fields, reasons: ["consistency": "not supported", "image": "not supported"])
        for (name, owner) in [("bind", Kind.bind), ("volume", .volume), ("tmpfs", .tmpfs)] where owner != kind {
            cursor.child(name)?.failAtKey(.invalid, "does not belong to a mount of type \(typeName)")
        }
        switch kind {
        case .tmpfs: cursor.child("source")?.failAtKey(.invalid, "a tmpfs has no source")
        case .bind where source == nil: cursor.fail("a bind needs a source")
        case .volume where source == nil:
            cursor.fail(.unsupported, "not supported: an anonymous volume is lost from sight; give it a source")
        case .bind, .volume: break
        }
    }
}

extension ComposeMount.BindOptions {
    fileprivate init(reading cursor: NodeCursor) {
        cursor.read(
            into: &self, fields: ["create_host_path": field(\.createsHostPath) { $0.boolean() }],
            reasons: ["propagation": "not supported", "selinux": "not supported", "recursive": "not supported"])
    }
}

extension ComposeMount.VolumeOptions {
    fileprivate init(reading cursor: NodeCursor) {
        cursor.read(
            into: &self, fields: ["nocopy": field(\.noCopy) { $0.boolean() }],
            reasons: ["subpath": "not supported", "labels": "not supported"])
    }
}

extension ComposeMount.TmpfsOptions {
    fileprivate init(reading cursor: NodeCursor) {
        cursor.read(
            into: &self,
            fields: ["size": field(\.sizeBytes) { $0.byteCount() }, "mode": field(\.mode) { $0.fileMode() }])
    }
}

extension NodeCursor {
    /// A file mode: octal digits in quotes or with a leading zero, else a decimal number, as Compose reads it.
    func fileMode() -> Int? {
        let mode: Int?
        switch node.scalar?.value {
        case .integer(let number):
            let text = node.scalar?.text ?? ""
            mode = text.hasPrefix("0") && !text.hasPrefix("0x") && !text.hasPrefix("0o") ? Int(text, radix: 8) : number
        case .string(let text): mode = Int(text.hasPrefix("0o") ? String(text.dropFirst(2)) : text, radix: 8)
        default: mode = nil
        }
        guard let mode, (0...0o7777).contains(mode) else { return wrongType("a file mode such as \"0440\"") }
        return mode
    }
}
