import ProjectModel
import YAMLKit

extension TemplateManifest {
    /// Host numbers of a /27 subnet that can be fixed: 0 is the network, 1 usually the host itself, 31 the broadcast
    /// address.
    static let hostNumbers = 1...30
    /// Characters of a secret.
    static let secretLengths = 8...256

    /// Reads `x-supamanager` at top level.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields, allowsExtensions: false)
        ManifestCheck(manifest: self, cursor: cursor).run()
    }

    private static let fields: FieldTable<TemplateManifest> = [
        "version": field(\.version) { $0.nonEmptyString() },
        "ports": field(\.ports) { $0.templatePorts() },
        "addresses": field(\.addresses) { $0.variables { $0.integer(in: hostNumbers) } },
        "ranges": field(\.ranges) { $0.variables { AddressRange(reading: $0) } },
        "secrets": field(\.secrets) { $0.variables { SecretForm(reading: $0) } },
        "tokens": field(\.tokens) { $0.variables { TokenForm(reading: $0).role } },
        "api-keys": field(\.apiKeys) { $0.variables { $0.option(APIKeyForm.self) } },
        "variables": field(\.variables) { cursor in
            cursor.entries().compactMap { name, value in
                value.isVariableName(name) ? TemplateVariable(name: name, reading: value) : nil
            }
        },
        "files": field(\.files) { $0.elements().compactMap { $0.projectPath() } },
        "log-collector": field(\.logCollector) { LogCollector(reading: $0) },
        "roles": field(\.roles) { $0.options { $0.serviceName() } },
        "health-names": field(\.healthNames) { $0.apiNames() },
        "restart-names": field(\.restartNames) { $0.apiNames() },
        "database": field(\.database) { DatabaseRoles(reading: $0) },
        "token-claims": field(\.tokenClaims) { $0.options { $0.sqlName() } },
        "functions-folder": field(\.functionsFolder) { $0.projectPath() },
        "settings": field(\.settings) { $0.settingNames() },
    ]
}

extension NodeCursor {
    /// A name that interpolation can use.
    func variableName() -> String? {
        guard let name = string(), isVariableName(name) else { return nil }
        return name
    }

    func isVariableName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let isName =
            bytes.first.map(SubstitutionToken.isNameStart) ?? false
            && bytes.allSatisfy {
                SubstitutionToken.isNameStart($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
        if !isName { log.add(.invalid, at: log.mark(of: path), path: path, "\"\(name)\" is no name of a variable") }
        return isName
    }

    /// A mapping of variables to what `read` makes of their values.
    func variables<Value>(_ read: (NodeCursor) -> Value?) -> [String: Value] {
        entries().reduce(into: [:]) { result, entry in
            guard entry.value.isVariableName(entry.key), let value = read(entry.value) else { return }
            result[entry.key] = value
        }
    }

    /// A relative path that stays inside the folder.
    func projectPath() -> String? {
        guard let text = nonEmptyString() else { return nil }
        guard ProjectPath.isInside(text) else {
            fail(.refused, "\(shown) must be a relative path without ..")
            return nil
        }
        return text
    }
}

extension AddressRange {
    fileprivate init?(reading cursor: NodeCursor) {
        var range: (first: Int?, prefixLength: Int?)
        cursor.demandKeys(["first", "prefix"])
        cursor.read(
            into: &range,
            fields: [
                "first": { $1.first = $0.integer(in: 0...TemplateManifest.hostNumbers.upperBound) },
                "prefix": { $1.prefixLength = $0.integer(in: 28...31) },
            ], allowsExtensions: false)
        guard let first = range.first, let prefixLength = range.prefixLength else { return nil }
        self.init(first: first, prefixLength: prefixLength)
        guard first.isMultiple(of: size), hostNumbers.upperBound <= 32 else {
            cursor.fail("a range of \(size) addresses cannot start at \(first): it starts at a multiple of its size")
            return nil
        }
    }
}

extension SecretForm {
    fileprivate init?(reading cursor: NodeCursor) {
        var form: (alphabet: SecretAlphabet?, length: Int?, purpose: SecretPurpose?)
        cursor.demandKeys(["alphabet", "length"])
        cursor.read(
            into: &form,
            fields: [
                "alphabet": { $1.alphabet = $0.option(SecretAlphabet.self) },
                "length": { $1.length = $0.integer(in: TemplateManifest.secretLengths) },
                "purpose": { $1.purpose = $0.option(SecretPurpose.self) },
            ], allowsExtensions: false)
        guard let alphabet = form.alphabet, let length = form.length else { return nil }
        self.init(alphabet: alphabet, length: length, purpose: form.purpose)
    }
}

private struct TokenForm {
    var role: TokenRole?

    init(reading cursor: NodeCursor) {
        cursor.demandKeys(["role"])
        cursor.read(into: &self, fields: ["role": field(\.role) { $0.option(TokenRole.self) }], allowsExtensions: false)
    }
}

extension TemplateVariable {
    fileprivate init(name: String, reading cursor: NodeCursor) {
        self.init(name: name)
        cursor.read(
            into: &self,
            fields: [
                "default": field(\.defaultValue) { $0.text() }, "description": field(\.summary) { $0.string() },
                "optional": field(\.isOptional) { $0.boolean() }, "secret": field(\.isSecret) { $0.boolean() },
                "purpose": field(\.purpose) { $0.option(SettingPurpose.self) },
            ], allowsExtensions: false)
        if isOptional, defaultValue != nil {
            cursor.child("optional")?.fail("a setting with a default always has a value: leave one of both out")
        }
    }
}

extension LogCollector {
    fileprivate init?(reading cursor: NodeCursor) {
        self.init(service: "", fallback: ComposeLogging())
        cursor.demandKeys(["service", "fallback"])
        cursor.read(
            into: &self,
            fields: [
                "service": field(\.service) { $0.nonEmptyString() },
                "fallback": field(\.fallback) { ComposeLogging(reading: $0) },
            ], allowsExtensions: false)
        guard !service.isEmpty else { return nil }
    }
}
