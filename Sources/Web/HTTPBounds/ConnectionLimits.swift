/// How many connections there may be.
package struct ConnectionLimits: Sendable, Equatable {
    /// In all.
    package var total: Int
    /// The limit of one network, ``ClientNetwork``.
    package var perNetwork: Int
    /// The limit of one block, ``ClientNetwork/block``, so that the networks of one provider do not take all places.
    package var perBlock: Int
    /// Places of the total that only this host's own clients get: the probes of a service manager, a proxy.
    package var reserved: Int

    package init(total: Int, perNetwork: Int, perBlock: Int, reserved: Int) {
        self.total = total
        self.perNetwork = perNetwork
        self.perBlock = perBlock
        self.reserved = reserved
    }
}
