import YAMLKit

extension ComposeDependency {
    /// `depends_on`: a list of names, or a mapping of names to conditions.
    static func all(reading cursor: NodeCursor) -> [String: ComposeDependency] {
        var result: [String: ComposeDependency] = [:]
        if cursor.node.sequence != nil {
            for element in cursor.elements() {
                guard let name = element.string() else { continue }
                if result.updateValue(ComposeDependency(), forKey: name) != nil {
                    element.fail("\(name) is there twice")
                }
                element.log.note(element.node.mark, at: "\(cursor.path).\(name)")
            }
            return result
        }
        for (name, value) in cursor.entries() {
            var dependency = ComposeDependency()
            if value.node.mapping == nil {
                value.fail("must be a mapping with a condition, not a \(value.node.typeName)")
            } else {
                value.read(into: &dependency, fields: fields)
                if value.child("condition") == nil { value.failAtKey(.invalid, "needs a condition") }
            }
            result[name] = dependency
        }
        return result
    }

    private static let fields: FieldTable<ComposeDependency> = [
        "condition": field(\.condition) { $0.option(Condition.self) },
        "required": field(\.isRequired) { $0.boolean() },
        "restart": field(\.restarts) { $0.boolean() },
    ]
}

extension ComposeHealthcheck {
    /// Reads `healthcheck`.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields)
        guard let test, let test0 = test.first, !["NONE", "CMD", "CMD-SHELL"].contains(test0) else { return }
        let first = cursor.child("test")?.elements().first
        first?.fail("the first element must be NONE, CMD or CMD-SHELL, not \(first?.shown ?? "")")
    }

    private static let fields: FieldTable<ComposeHealthcheck> = [
        "test": field(\.test) { cursor in
            guard cursor.node.scalar != nil else { return cursor.texts() }
            return cursor.string().map { ["CMD-SHELL", $0] }
        },
        "interval": field(\.interval) { $0.duration() },
        "timeout": field(\.timeout) { $0.duration() },
        "retries": field(\.retries) { $0.integer(in: 0...Int.max) },
        "start_period": field(\.startPeriod) { $0.duration() },
        "start_interval": field(\.startInterval) { $0.duration() },
        "disable": field(\.isDisabled) { $0.boolean() },
    ]
}

extension ComposeRestart {
    /// Reads `restart`.
    init?(reading cursor: NodeCursor) {
        guard let text = cursor.string() else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("no", 1): self = .never
        case ("always", 1): self = .always
        case ("unless-stopped", 1): self = .unlessStopped
        case ("on-failure", 1): self = .onFailure(maximumRetries: nil)
        case ("on-failure", 2):
            guard let retries = Int(parts[1]), retries >= 0 else { fallthrough }
            self = .onFailure(maximumRetries: retries)
        default:
            cursor.fail("must be \"no\", always, unless-stopped, on-failure or on-failure:N, not \(cursor.shown)")
            return nil
        }
    }
}

extension ComposePullPolicy {
    /// Reads `pull_policy`.
    init?(reading cursor: NodeCursor) {
        switch cursor.string() {
        case nil: return nil
        case "missing", "if_not_present": self = .missing
        case "never": self = .never
        default:
            cursor.fail(.unsupported, "not supported but for missing and never: an image is pulled once")
            return nil
        }
    }
}

extension ComposeLogging {
    /// Reads `logging`.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields)
    }

    private static let fields: FieldTable<ComposeLogging> = [
        "driver": field(\.driver) { $0.nonEmptyString() },
        "options": field(\.options) { $0.textMap() },
    ]
}
