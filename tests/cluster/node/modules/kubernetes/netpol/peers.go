package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// selects reads a selector; one that cannot be read selects nothing, so that a mistake closes and does not open.
func selects(selector *metav1.LabelSelector) labels.Selector {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}

// address of an ordinary pod that can send or receive under one of its own; empty for any other.
func (s *state) address(pod *corev1.Pod) string {
	if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return ""
	}
	if address, ok := s.announced[pod.UID]; ok {
		return address
	}
	if isIPv4(pod.Status.PodIP) {
		return pod.Status.PodIP
	}
	return ""
}

// selected has the pods of a namespace that have an address.
func (s *state) selected(namespace string, selector labels.Selector) (found []*corev1.Pod) {
	pods, err := s.pods.Pods(namespace).List(selector)
	if err != nil {
		return nil
	}
	for _, pod := range pods {
		if s.address(pod) != "" {
			found = append(found, pod)
		}
	}
	return found
}

// peerPods has the pods that a peer which is no ipBlock stands for. Without a namespaceSelector they are the policy's own neighbours.
func (s *state) peerPods(own string, peer netv1.NetworkPolicyPeer) (found []*corev1.Pod) {
	in := []string{own}
	if peer.NamespaceSelector != nil {
		in = nil
		namespaces, err := s.namespaces.List(selects(peer.NamespaceSelector))
		if err != nil {
			return nil
		}
		for _, namespace := range namespaces {
			in = append(in, namespace.Name)
		}
	}
	selector := labels.Everything()
	if peer.PodSelector != nil {
		selector = selects(peer.PodSelector)
	}
	for _, namespace := range in {
		found = append(found, s.selected(namespace, selector)...)
	}
	return found
}

// blockMatch renders an ipBlock; empty for one of IPv6, which no packet here can match.
func blockMatch(direction string, block *netv1.IPBlock) string {
	if strings.Contains(block.CIDR, ":") {
		return ""
	}
	match := fmt.Sprintf("ip %s %s", direction, block.CIDR)
	for _, except := range block.Except {
		match += fmt.Sprintf(" ip %s != %s", direction, except)
	}
	return match
}

// portMatches renders a rule's ports. No ports are all of them; ports that nothing can match give no match at all.
// A port's name means the port that the receiving pod gave it: to is that pod, or nil where the receiver is no pod.
func portMatches(ports []netv1.NetworkPolicyPort, to *corev1.Pod) (matches []string) {
	if len(ports) == 0 {
		return []string{""}
	}
	for _, port := range ports {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		name := strings.ToLower(string(protocol))
		switch {
		case port.Port == nil:
			matches = append(matches, "meta l4proto "+name)
		case port.Port.StrVal != "":
			for _, number := range namedPorts(to, port.Port.StrVal, protocol) {
				matches = append(matches, fmt.Sprintf("%s dport %d", name, number))
			}
		case port.EndPort != nil:
			matches = append(matches, fmt.Sprintf("%s dport %d-%d", name, port.Port.IntVal, *port.EndPort))
		default:
			matches = append(matches, fmt.Sprintf("%s dport %d", name, port.Port.IntVal))
		}
	}
	return matches
}

func namedPorts(pod *corev1.Pod, name string, protocol corev1.Protocol) (numbers []int32) {
	if pod == nil {
		return nil
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			// The API server fills in TCP where the author left the protocol out.
			if port.Name == name && port.Protocol == protocol {
				numbers = append(numbers, port.ContainerPort)
			}
		}
	}
	return numbers
}

func namesAPort(ports []netv1.NetworkPolicyPort) bool {
	for _, port := range ports {
		if port.Port != nil && port.Port.StrVal != "" {
			return true
		}
	}
	return false
}
