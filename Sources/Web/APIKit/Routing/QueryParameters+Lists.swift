import HTTPTypes
package import ProjectModel

extension QueryParameters {
    /// A list without its empty parts; nothing when nothing is left: an empty choice of a form filters nothing.
    package func texts(_ name: String) -> [String]? {
        guard let texts = list(name)?.filter({ !$0.isEmpty }), !texts.isEmpty else { return nil }
        return texts
    }

    /// A list of known words; 400 for an unknown one.
    package func words<Word: RawRepresentable<String> & CaseIterable & Hashable>(
        _ name: String, _ type: Word.Type
    ) throws(APIError) -> Set<Word>? {
        guard let texts = texts(name) else { return nil }
        var words: Set<Word> = []
        for text in texts {
            guard let word = Word(rawValue: text) else {
                let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "\(name) must be a list of \(known)")
            }
            words.insert(word)
        }
        return words
    }

    /// A single known word; 400 for an unknown one.
    package func word<Word: RawRepresentable<String> & CaseIterable & Hashable>(
        _ name: String, default standard: Word
    ) throws(APIError) -> Word {
        guard let text = self[name], !text.isEmpty else { return standard }
        guard let word = Word(rawValue: text) else {
            throw APIError(
                .badRequest, "\(name) must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// A list of refs; 400 for an invalid one.
    package func refs(_ name: String) throws(APIError) -> Set<ProjectRef>? {
        guard let texts = texts(name) else { return nil }
        var refs: Set<ProjectRef> = []
        for text in texts {
            guard let ref = ProjectRef(text) else {
                throw APIError(.badRequest, "\(name) must be a list of project refs: twenty letters from a to z each")
            }
            refs.insert(ref)
        }
        return refs
    }
}
