/// Finds all of a set of byte strings in one pass over a text, whatever the strings are (Aho and Corasick): the work
/// grows with the text, that of building with the strings' bytes.
struct SecretAutomaton: Sendable {
    private let trie: ByteTrie
    /// The node of the longest proper suffix of a node's prefix that is itself a prefix of a string.
    private var fallbacks: [Int32]
    /// Bytes of the longest string that a node's prefix ends with; 0 when it ends with none.
    private var endings: [Int32]

    /// An automaton.
    ///
    /// - Parameter strings: none empty, and together short enough for 32-bit numbers.
    init(_ strings: some Sequence<[UInt8]>) {
        var trie = ByteTrie()
        var ends: [(node: Int, length: Int32)] = []
        for string in strings { ends.append((trie.add(string), Int32(string.count))) }
        self.trie = trie
        fallbacks = [Int32](repeating: 0, count: trie.count)
        endings = [Int32](repeating: 0, count: trie.count)
        for end in ends { endings[end.node] = end.length }
        link()
    }

    /// Number of nodes: about eleven bytes of memory each.
    var count: Int { trie.count }

    /// The node after one byte more of a text.
    func next(after node: Int, _ byte: UInt8) -> Int {
        var node = node
        while true {
            if let child = trie.child(of: node, byte) { return child }
            if node == ByteTrie.root { return node }
            node = Int(fallbacks[node])
        }
    }

    /// Bytes of the longest string that the text ends with at this node.
    func match(at node: Int) -> Int { Int(endings[node]) }

    /// Bytes of the longest beginning of a string that the text ends with at this node.
    func depth(of node: Int) -> Int { trie.depth(of: node) }

    /// Short prefixes first: a node's fallback is shorter than itself.
    private mutating func link() {
        var waiting = trie.runs.sorted { $0.depth > $1.depth }
        var active: [ByteTrie.Run] = []
        var depth = 1
        while !waiting.isEmpty || !active.isEmpty {
            while let run = waiting.last, run.depth == depth { active.append(waiting.removeLast()) }
            for run in active {
                let node = run.first + depth - run.depth
                link(node, after: node == run.first ? run.parent : node - 1)
            }
            depth += 1
            active.removeAll { $0.depth + $0.count <= depth }
        }
    }

    private mutating func link(_ node: Int, after parent: Int) {
        guard parent != ByteTrie.root else { return }
        let fallback = next(after: Int(fallbacks[parent]), trie.bytes[node])
        fallbacks[node] = Int32(fallback)
        endings[node] = max(endings[node], endings[fallback])
    }
}
