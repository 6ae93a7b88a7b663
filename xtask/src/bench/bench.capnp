# The product and the empty object in one process of workerd: same runtime, same run.
using Workerd = import "/workerd/workerd.capnp";
using Ringlet = import "ringlet.capnp";

const config :Workerd.Config = (
  v8Flags = Ringlet.engineFlags,
  services = [
    (name = "ringlet", worker = Ringlet.ringlet),
    (name = "empty", worker = .empty),
    (name = "state", disk = (path = "state", writable = true)),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "ringlet"),
    (name = "empty", address = "127.0.0.1:0", http = (), service = "empty"),
  ],
);

const empty :Workerd.Worker = (
  compatibilityDate = "COMPATIBILITY_DATE",
  modules = [(name = "empty.js", esModule = embed "empty.js")],
  bindings = [(name = "EMPTY", durableObjectNamespace = "EmptyObject")],
  durableObjectNamespaces = [
    (className = "EmptyObject", uniqueKey = "ringlet-EmptyObject", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
);
