// netpol enforces networking.k8s.io/v1 NetworkPolicy on one node whose pods sit on a Linux bridge. On every change it renders
// all policies as one nftables table, which the kernel takes as a whole or not at all. Two programs in one:
//
//	netpol -kubeconfig FILE -socket PATH   the controller
//	netpol, with CNI_COMMAND set           the last plugin of the CNI chain: it holds a new pod back until its rules stand
//
// It needs net.bridge.bridge-nf-call-iptables=1. What the node itself sends (probes) is never filtered, and connections that
// stand when a policy comes stay. IPv4 only.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// burst is how long changes are gathered before a table is rendered.
const burst = 10 * time.Millisecond

func main() {
	if os.Getenv("CNI_COMMAND") != "" {
		plugin()
		return
	}
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file")
	socket := flag.String("socket", "", "where the CNI plugin announces new pods")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0)
	core := factory.Core().V1()
	s := &state{
		pods:       core.Pods().Lister(),
		namespaces: core.Namespaces().Lister(),
		policies:   factory.Networking().V1().NetworkPolicies().Lister(),
		announced:  announcements{},
	}
	changed := make(chan struct{}, 1)
	poke := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(any) { poke() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		core.Pods().Informer(), core.Namespaces().Informer(), factory.Networking().V1().NetworkPolicies().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	arriving := make(chan *arrival)
	listen(*socket, arriving)
	poke()
	keep(s, changed, arriving)
}

// keep renders and loads until the end of the process. A pod that arrives is answered once a table that knows it is loaded.
func keep(s *state, changed <-chan struct{}, arriving <-chan *arrival) {
	loaded := ""
	var waiting []*arrival
	retry := time.NewTicker(time.Second)
	for {
		select {
		case <-changed:
		case <-retry.C:
		case a := <-arriving:
			s.announced[a.uid] = a.address
			waiting = append(waiting, a)
		}
		time.Sleep(burst)
		table, count := s.render()
		if table != loaded {
			if err := load(table); err != nil {
				log.Printf("%v; tried:\n%s", err, table)
				continue
			}
			loaded = table
			log.Printf("loaded: %d policies, %d lines", count, strings.Count(table, "\n"))
		}
		waiting = s.answer(waiting)
	}
}

func load(table string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin, command.Stderr = strings.NewReader(table), os.Stderr
	return command.Run()
}

// isIPv4 says whether a text is an IPv4 address, as all of this node's are.
func isIPv4(text string) bool {
	address := net.ParseIP(text)
	return address != nil && address.To4() != nil
}
