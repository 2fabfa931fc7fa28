/// Collects a mapping's entries: refuses a second value of a key and applies merge keys.
struct YAMLMappingBuilder {
    private var own: [YAMLMapping.Entry] = []
    private var ownIndex: [String: Int] = [:]
    private var merged: [YAMLMapping.Entry] = []
    private var mergeMark: YAMLMark?

    mutating func add(_ entry: YAMLMapping.Entry) throws(YAMLError) {
        if let index = ownIndex[entry.key] {
            let first = own[index].keyMark
            throw YAMLError(.duplicateKey, at: entry.keyMark, "the key \"\(entry.key)\" is already defined at \(first)")
        }
        ownIndex[entry.key] = own.count
        own.append(entry)
    }

    /// Takes in the mapping, or the mappings, that stand behind `<<`. The mapping's own keys win over merged ones,
    /// and of several merged mappings the earlier wins: the rule of the YAML merge key type.
    mutating func merge(_ entry: YAMLMapping.Entry) throws(YAMLError) {
        if let first = mergeMark {
            throw YAMLError(.duplicateKey, at: entry.keyMark, "the key \"<<\" is already defined at \(first)")
        }
        mergeMark = entry.keyMark
        for node in entry.value.sequence ?? [entry.value] {
            guard let mapping = node.mapping else {
                let reason = "<< takes a mapping or a list of mappings, not a \(node.typeName)"
                throw YAMLError(.merge, at: node.mark, reason)
            }
            merged += mapping.entries
        }
    }

    var mapping: YAMLMapping {
        guard !merged.isEmpty else { return YAMLMapping(unique: own) }
        var seen = Set(ownIndex.keys)
        return YAMLMapping(unique: own + merged.filter { seen.insert($0.key).inserted })
    }
}
