/// Byte strings as a tree of their prefixes, in the order in which they were added.
///
/// A prefix has its byte and nothing else: the nodes that one string adds follow each other, and only where it leaves
/// another string's path there is an entry in a table. A node costs a byte and what the automaton keeps for it.
struct ByteTrie: Sendable {
    /// Nodes that one string has added, from where it left the others' paths.
    struct Run: Sendable {
        /// The node before the first one.
        let parent: Int
        let first: Int
        let count: Int
        /// Bytes of the prefix that the first node stands for.
        let depth: Int
    }

    /// The empty prefix.
    static let root = 0

    /// The last byte of each node's prefix; the root's counts for nothing.
    private(set) var bytes: [UInt8] = [0]
    private(set) var runs: [Run] = []
    /// Whether the node after this one does not continue its prefix.
    private var endsRun: [Bool] = [true]
    /// Whether a run begins at this node.
    private var branches: [Bool] = [true]
    private var children: [Int: Int] = [:]
    private var first = [Int](repeating: 0, count: 256)

    /// Number of nodes.
    var count: Int { bytes.count }

    /// The node of a prefix with one byte more; nil when no string has it.
    func child(of node: Int, _ byte: UInt8) -> Int? {
        if node == Self.root { return first[Int(byte)] == 0 ? nil : first[Int(byte)] }
        if !endsRun[node], bytes[node + 1] == byte { return node + 1 }
        return branches[node] ? children[Self.key(node, byte)] : nil
    }

    /// Adds a string, and gives the node that stands for the whole of it.
    mutating func add(_ string: [UInt8]) -> Int {
        var (node, depth) = (Self.root, 0)
        while depth < string.count, let next = child(of: node, string[depth]) { (node, depth) = (next, depth + 1) }
        guard depth < string.count else { return node }
        let run = Run(parent: node, first: count, count: string.count - depth, depth: depth + 1)
        if node == Self.root {
            first[Int(string[depth])] = run.first
        } else {
            children[Self.key(node, string[depth])] = run.first
            branches[node] = true
        }
        runs.append(run)
        bytes += string[depth...]
        endsRun += repeatElement(false, count: run.count)
        endsRun[count - 1] = true
        branches += repeatElement(false, count: run.count)
        return count - 1
    }

    /// Bytes of the prefix that a node stands for.
    func depth(of node: Int) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].first <= node { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return 0 }
        return runs[low - 1].depth + node - runs[low - 1].first
    }

    private static func key(_ node: Int, _ byte: UInt8) -> Int { node << 8 | Int(byte) }
}
