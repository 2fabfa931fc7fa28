import YAMLKit

extension ComposeNetworkAttachment {
    /// The networks of a service: a list of names, or a mapping of names to options.
    static func all(reading cursor: NodeCursor) -> [String: ComposeNetworkAttachment] {
        var result: [String: ComposeNetworkAttachment] = [:]
        if cursor.node.sequence != nil {
            for element in cursor.elements() {
                guard let name = element.string() else { continue }
                if result.updateValue(ComposeNetworkAttachment(), forKey: name) != nil {
                    element.fail("\(name) is there twice")
                }
                element.log.note(element.node.mark, at: "\(cursor.path).\(name)")
            }
            return result
        }
        for (name, value) in cursor.entries() {
            var attachment = ComposeNetworkAttachment()
            value.read(into: &attachment, fields: fields, reasons: reasons)
            result[name] = attachment
        }
        return result
    }

    private static let fields: FieldTable<ComposeNetworkAttachment> = [
        "aliases": field(\.aliases) { $0.strings() },
        "ipv4_address": field(\.ipv4Address) { $0.ipv4Address() },
    ]

    private static let reasons = [
        "ipv6_address", "link_local_ips", "mac_address", "driver_opts", "gw_priority", "interface_name", "priority",
    ].reduce(into: [:]) { $0[$1] = "not supported" }
}

extension ComposeNetwork {
    /// Reads a network of the project.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(
            into: &self, fields: Self.fields,
            reasons: ["enable_ipv4": "not supported", "enable_ipv6": "not supported"])
        External.check(cursor, isExternal: isExternal, besides: ["name"])
    }

    private static let fields: FieldTable<ComposeNetwork> = [
        "name": field(\.name) { $0.nonEmptyString() },
        "driver": field(\.driver) { $0.nonEmptyString() },
        "driver_opts": field(\.driverOptions) { $0.textMap() },
        "ipam": field(\.ipam) { ComposeIPAM(reading: $0) },
        "internal": field(\.isInternal) { $0.boolean() },
        "attachable": field(\.isAttachable) { $0.boolean() },
        "labels": field(\.labels) { $0.textMap() },
        "external": { cursor, network in
            External.read(cursor, name: &network.name, isExternal: &network.isExternal)
        },
    ]
}

extension ComposeIPAM {
    fileprivate init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields)
    }

    private static let fields: FieldTable<ComposeIPAM> = [
        "driver": field(\.driver) { $0.nonEmptyString() },
        "options": field(\.options) { $0.textMap() },
        "config": field(\.pools) { $0.elements().map { Pool(reading: $0) } },
    ]
}

extension ComposeIPAM.Pool {
    fileprivate init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields)
    }

    private static let fields: FieldTable<ComposeIPAM.Pool> = [
        "subnet": field(\.subnet) { $0.subnet() },
        "gateway": field(\.gateway) { $0.ipAddress() },
        "ip_range": field(\.ipRange) { $0.subnet() },
        "aux_addresses": field(\.auxiliaryAddresses) { $0.textMap() },
    ]
}

/// `external` of networks and volumes: a boolean, or the older mapping with the name in it.
enum External {
    static func read(_ cursor: NodeCursor, name: inout String?, isExternal: inout Bool) {
        guard cursor.node.mapping != nil else {
            isExternal = cursor.boolean() ?? false
            return
        }
        isExternal = true
        var given: String?
        cursor.read(into: &given, fields: ["name": { value, name in name = value.nonEmptyString() }])
        if name == nil { name = given }
    }

    /// An external object has only a name, given once.
    static func check(_ cursor: NodeCursor, isExternal: Bool, besides allowed: Set<String>) {
        guard isExternal else { return }
        for (key, value) in cursor.entries() where !allowed.contains(key) && key != "external" && !key.hasPrefix("x-") {
            // An empty value says nothing, and Compose has always accepted the two booleans.
            guard value.node.mapping?.isEmpty != true, key != "internal", key != "attachable" else { continue }
            value.failAtKey(.invalid, "conflicts with external: what exists already cannot be configured")
        }
        if cursor.child("name") != nil, let older = cursor.child("external")?.child("name") {
            older.failAtKey(.invalid, "name and external.name conflict; only use name")
        }
    }
}

/// `extra_hosts`: a list of `name:address` or `name=address`, or a mapping of names to one address or several.
enum ExtraHosts {
    static func read(_ cursor: NodeCursor) -> [String] {
        var lines: [(name: String, address: String)] = []
        if cursor.node.sequence != nil {
            for element in cursor.elements() {
                guard let text = element.string() else { continue }
                let end = text.firstIndex { $0 == "=" } ?? text.firstIndex { $0 == ":" }
                guard let end, end > text.startIndex else {
                    element.fail("must be name=address, not \(element.shown)")
                    continue
                }
                append(String(text[..<end]), String(text[text.index(after: end)...]), of: element, to: &lines)
            }
        } else {
            for (name, value) in cursor.entries() {
                for address in value.node.sequence == nil ? [value] : value.elements() {
                    guard let text = address.string() else { continue }
                    append(name, text, of: address, to: &lines)
                }
            }
        }
        return lines.enumerated().sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
            .map { "\($0.element.name)=\($0.element.address)" }
    }

    private static func append(
        _ name: String, _ address: String, of cursor: NodeCursor, to lines: inout [(name: String, address: String)]
    ) {
        let bare = address.hasPrefix("[") && address.hasSuffix("]") ? String(address.dropFirst().dropLast()) : address
        guard bare == "host-gateway" || IPAddress.isIPv4(bare) || IPAddress.isIPv6(bare) else {
            cursor.fail("\(cursor.shown) gives no IP address")
            return
        }
        lines.append((name, bare))
    }
}
