package main

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	netlisters "k8s.io/client-go/listers/networking/v1"
)

// The side of a packet that a rule's peers are on.
const (
	from = "saddr" // ingress
	to   = "daddr" // egress
)

type state struct {
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   netlisters.NetworkPolicyLister
	announced  announcements
	// rendered has the pods of the latest table, each under the address that it was rendered with.
	rendered announcements
}

// everyNamespace selects all, as an empty selector does.
var everyNamespace metav1.LabelSelector

// isolated has what is allowed for the address of each pod that some policy isolates in one direction.
type isolated map[string][]string

func (s *state) render() (string, int) {
	ingress, egress := isolated{}, isolated{}
	policies, err := s.policies.List(labels.Everything())
	if err != nil {
		return "", 0
	}
	slices.SortFunc(policies, func(a, b *netv1.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	for _, policy := range policies {
		for _, pod := range s.selected(policy.Namespace, selects(&policy.Spec.PodSelector)) {
			address := s.address(pod)
			// The API server fills policyTypes in where the author left them out.
			if slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeIngress) {
				ingress[address] = append(ingress[address], s.ingressRules(policy, pod)...)
			}
			if slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeEgress) {
				egress[address] = append(egress[address], s.egressRules(policy)...)
			}
		}
	}
	s.remember()
	var table strings.Builder
	table.WriteString("add table ip netpol\ndelete table ip netpol\ntable ip netpol {\n")
	table.WriteString(chains("in", ingress) + chains("eg", egress))
	// forward: from pod to pod, bridged or by a Service, and from pods to elsewhere. input: from pods to the node, as to the API server.
	table.WriteString(hook("forward", jumps("eg", from, egress)+jumps("in", to, ingress)))
	table.WriteString(hook("input", jumps("eg", from, egress)))
	table.WriteString("}\n")
	return table.String(), len(policies)
}

func (s *state) remember() {
	s.rendered = announcements{}
	pods, _ := s.pods.List(labels.Everything())
	for _, pod := range pods {
		s.rendered[pod.UID] = s.address(pod)
	}
}

func (s *state) ingressRules(policy *netv1.NetworkPolicy, receiver *corev1.Pod) (rules []string) {
	for _, rule := range policy.Spec.Ingress {
		ports := portMatches(rule.Ports, receiver)
		if len(rule.From) == 0 {
			rules = append(rules, allow("", ports)...)
		}
		for _, peer := range rule.From {
			if peer.IPBlock != nil {
				rules = append(rules, allowBlock(from, peer.IPBlock, ports)...)
				continue
			}
			for _, pod := range s.peerPods(policy.Namespace, peer) {
				rules = append(rules, allow("ip saddr "+s.address(pod), ports)...)
			}
		}
	}
	return rules
}

func (s *state) egressRules(policy *netv1.NetworkPolicy) (rules []string) {
	for _, rule := range policy.Spec.Egress {
		anywhere := portMatches(rule.Ports, nil)
		peers := rule.To
		if len(peers) == 0 {
			rules = append(rules, allow("", anywhere)...)
			if namesAPort(rule.Ports) { // only pods give a port its name: every one of them is asked
				peers = []netv1.NetworkPolicyPeer{{NamespaceSelector: &everyNamespace}}
			}
		}
		for _, peer := range peers {
			if peer.IPBlock != nil {
				rules = append(rules, allowBlock(to, peer.IPBlock, anywhere)...)
				continue
			}
			for _, pod := range s.peerPods(policy.Namespace, peer) {
				rules = append(rules, allow("ip daddr "+s.address(pod), portMatches(rule.Ports, pod))...)
			}
		}
	}
	return rules
}

func allowBlock(direction string, block *netv1.IPBlock, ports []string) []string {
	if match := blockMatch(direction, block); match != "" {
		return allow(match, ports)
	}
	return nil
}

// allow renders one rule a port; "return" leaves the pod's chain, so that the other direction is still asked.
func allow(peer string, ports []string) (rules []string) {
	for _, port := range ports {
		rules = append(rules, strings.Join(strings.Fields(peer+" "+port+" return"), " "))
	}
	return rules
}

func chainName(prefix, address string) string {
	return prefix + "_" + strings.ReplaceAll(address, ".", "_")
}

func addresses(pods isolated) []string {
	var all []string
	for address := range pods {
		all = append(all, address)
	}
	slices.Sort(all)
	return all
}

func chains(prefix string, pods isolated) string {
	var text strings.Builder
	for _, address := range addresses(pods) {
		rules := slices.Clone(pods[address])
		slices.Sort(rules)
		rules = append(slices.Compact(rules), "counter drop")
		fmt.Fprintf(&text, "  chain %s {\n    %s\n  }\n", chainName(prefix, address), strings.Join(rules, "\n    "))
	}
	return text.String()
}

func jumps(prefix, direction string, pods isolated) string {
	if len(pods) == 0 {
		return ""
	}
	var entries []string
	for _, address := range addresses(pods) {
		entries = append(entries, fmt.Sprintf("%s : jump %s", address, chainName(prefix, address)))
	}
	return fmt.Sprintf("    ip %s vmap { %s }\n", direction, strings.Join(entries, ", "))
}

func hook(name, rules string) string {
	return fmt.Sprintf("  chain %s {\n    type filter hook %s priority 10; policy accept;\n"+
		"    ct state established,related accept\n%s  }\n", name, name, rules)
}
