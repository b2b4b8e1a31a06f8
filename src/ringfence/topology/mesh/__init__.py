"""Service meshes: which pods are members, what their mutual TLS proves, and the chains that a mesh adds at every pod.

    istio    sidecars and ambient (ztunnel, waypoints)
    linkerd  linkerd2-proxy

Each mesh is one class of the shape `Mesh`; `joined` says how several stand beside each other.
"""
